import FleetlogClient
import FleetlogRun

/// The manual page, as `man` reads it.
enum ManualPage {
  static var text: String {
    let start = """
      .\\" Made by fleetlog help --man
      .TH FLEETLOG 1 \(ProgramVersion.day) "Fleetlog \(ProgramVersion.current)" "User Commands"
      .SH NAME
      fleetlog \\- event log of coding agents
      .SH SYNOPSIS
      .B fleetlog
      .I VERB
      .RI [ options ]
      .SH DESCRIPTION
      \(prose(Fleetlog.purpose))
      \(prose(about))
      .SH VERBS
      """
    return ([start] + Fleetlog.verbs.map(section) + [end]).joined(separator: "\n")
  }

  private static let about = """
    Data goes to standard output, talk to standard error. One process writes to a log, any number
    may read it meanwhile.
    """

  private static func section(_ verb: any Verb.Type) -> String {
    let operands = verb.operands.isEmpty ? "" : " " + escaped(verb.operands)
    let head = ".SS fleetlog \(verb.name)\(operands)\n" + prose(verb.help)
    return ([head] + verb.allOptions.map(entry)).joined(separator: "\n")
  }

  private static func entry(_ option: Option) -> String {
    let letter = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
    let value = option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""
    let repeated = option.isRepeatable ? " (repeatable)" : ""
    return ".TP\n\(letter)\\fB\\-\\-\(escaped(option.name))\\fR\(value)\n"
      + prose(option.help + repeated)
  }

  private static var end: String {
    """
    .SH EXIT STATUS
    0 done, 1 failed, 2 wrong usage.
    .B fleetlog log
    ends with 3 where the event waits in the drop folder and has no id yet,
    .B fleetlog run
    as its command does, with 128 + N for signal N.
    .SH ENVIRONMENT
    Every option has a twin in the environment: FLEETLOG_ and its name in capitals, with _ for \\-.
    A flag of the command line counts more than the environment, that more than the file of settings.
    .TP
    .B NO_COLOR
    where it is set, nothing is in colour
    .TP
    .B XDG_DATA_HOME, XDG_CONFIG_HOME
    the folders of the log and of the settings (default \\(ti/.local/share and \\(ti/.config)
    .TP
    .B CLAUDE_CONFIG_DIR, CODEX_HOME, GEMINI_CLI_HOME, WORKRAIL_DATA_DIR
    where the agents keep their transcripts, if not in their usual places
    .SH FILES
    .TP
    .I \(escaped(Places.databaseText))
    the log, with \\-search, \\-writer, \\-server, \\-token, \\-wal and \\-shm beside it
    .TP
    .I \(escaped(Places.inboxText))
    the drop folder: events that wait for the log, in .jsonl files
    .TP
    .I \(escaped(SettingsFile.placeText))
    the settings: see
    .B fleetlog config \\-\\-help
    .SH SEE ALSO
    .BR systemctl (1),
    .BR dot (1)
    """
  }

  /// A paragraph: no line of it is taken for a request.
  private static func prose(_ text: String) -> String {
    escaped(text).split(separator: "\n").map { line in
      line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : String(line)
    }.joined(separator: "\n")
  }

  /// Text in ASCII in which each character means itself.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      case "~": escaped += "\\(ti"
      case "…": escaped += "..."
      case "–": escaped += "\\(en"
      case "“": escaped += "\\(lq"
      case "”": escaped += "\\(rq"
      default: escaped.append(character)
      }
    }
  }
}
