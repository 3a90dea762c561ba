/// What fish offers behind `fleetlog`.
enum FishCompletions {
  static var text: String {
    let start = """
      # Completions of fleetlog for fish, made by: fleetlog help --completion fish
      function __fleetlog_verb_is
          set -l words (commandline -opc)
          test (count $words) -gt 1; and contains -- $words[2] $argv
      end

      function __fleetlog_has_no_verb
          test (count (commandline -opc)) -eq 1
      end

      complete -c fleetlog -f
      complete -c fleetlog -n __fleetlog_has_no_verb -l version -d 'tells the version'
      complete -c fleetlog -n __fleetlog_has_no_verb -l help -d 'tells the verbs'
      """
    let verbs = Fleetlog.verbs.map {
      "complete -c fleetlog -n __fleetlog_has_no_verb -a \($0.name) -d \(Shell.quoted($0.summary))"
    }
    return ([start] + verbs + Fleetlog.verbs.flatMap(section)).joined(separator: "\n")
  }

  private static func section(_ verb: any Verb.Type) -> [String] {
    let start = "complete -c fleetlog -n '__fleetlog_verb_is \(verb.name)'"
    let options = verb.allOptions.map { option in
      let letter = option.short.map { " -s \($0)" } ?? ""
      let value = option.suggestion.map { " -r" + offer($0) } ?? ""
      return start + letter + " -l \(option.name)\(value) -d \(Shell.quoted(option.help))"
    }
    let operands = verb.suggestion == .text ? [] : [start + offer(verb.suggestion)]
    return operands + options
  }

  private static func offer(_ suggestion: Suggestion) -> String {
    switch suggestion {
    case .words(let words): " -f -a " + Shell.quoted(words.joined(separator: " "))
    case .file: " -F"
    case .folder: " -f -a '(__fish_complete_directories)'"
    case .command: " -f -a '(__fish_complete_subcommand --fcs-skip=3)'"
    case .text: " -f"
    }
  }
}
