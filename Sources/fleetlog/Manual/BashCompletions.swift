/// What bash offers behind `fleetlog`.
enum BashCompletions {
  static var text: String {
    """
    # Completions of fleetlog for bash, made by: fleetlog help --completion bash
    _fleetlog_offer() {
      mapfile -t COMPREPLY < <(compgen "$@" -- "$current")
      [[ $1 == -W ]] || compopt -o filenames 2>/dev/null
    }

    _fleetlog() {
      local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} index options
      COMPREPLY=()
      if ((COMP_CWORD == 1)); then
        _fleetlog_offer -W \(words(Fleetlog.verbs.map { $0.name } + ["--help", "--version"]))
        return
      fi
      # “--db=FILE” comes as three words.
      if [[ $current == = ]]; then
        current=
      elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
      fi
      case ${COMP_WORDS[1]} in
    \(Fleetlog.verbs.map(section).joined(separator: "\n"))
      esac
    }

    complete -F _fleetlog fleetlog
    """
  }

  private static func section(_ verb: any Verb.Type) -> String {
    var lines = ["    \(verb.name))"]
    if verb.suggestion == .command { lines.append(behindDashes) }
    lines.append("      options=" + words(verb.allOptions.flatMap(spellings)))
    let valued = verb.allOptions.filter { $0.value != nil }
    if !valued.isEmpty {
      lines.append("      case $previous in")
      for option in valued {
        let names = spellings(option).joined(separator: " | ")
        lines.append("        \(names)) \(offer(option.suggestion ?? .text)); return ;;")
      }
      lines.append("      esac")
    }
    switch verb.suggestion {
    case .text, .command: lines.append("      _fleetlog_offer -W \"$options\"")
    case let operands:
      lines += [
        "      if [[ $current == -* ]]; then", "        _fleetlog_offer -W \"$options\"",
        "      else", "        \(offer(operands))", "      fi",
      ]
    }
    return (lines + ["      ;;"]).joined(separator: "\n")
  }

  private static func offer(_ suggestion: Suggestion) -> String {
    switch suggestion {
    case .words(let choices): "_fleetlog_offer -W " + words(choices)
    case .file: "_fleetlog_offer -f"
    case .folder: "_fleetlog_offer -d"
    case .command: "_fleetlog_offer -c"
    case .text: ":"
    }
  }

  /// Hands over to the completions of the command that is run.
  private static let behindDashes = """
          for ((index = 2; index < COMP_CWORD; index++)); do
            [[ ${COMP_WORDS[index]} == -- ]] || continue
            if declare -F _command_offset >/dev/null; then
              _command_offset $((index + 1))
            elif ((COMP_CWORD == index + 1)); then
              _fleetlog_offer -c
            else
              _fleetlog_offer -f
            fi
            return
          done
    """

  private static func spellings(_ option: Option) -> [String] {
    ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
  }

  private static func words(_ words: [String]) -> String {
    Shell.quoted(words.joined(separator: " "))
  }
}
