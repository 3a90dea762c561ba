/// What zsh offers behind `fleetlog`.
enum ZshCompletions {
  static var text: String {
    """
    #compdef fleetlog
    # Completions of fleetlog for zsh, made by: fleetlog help --completion zsh
    _fleetlog() {
      local curcontext=$curcontext state line
      typeset -A opt_args
      local -a verbs
      verbs=(
    \(Fleetlog.verbs.map { "    " + Shell.quoted("\($0.name):\($0.summary)") }.joined(separator: "\n"))
      )
      _arguments -C '(- *)--help[tells the verbs]' '(- *)--version[tells the version]' \\
        '1: :->verb' '*:: :->rest' && return
      case $state in
        verb) _describe -t verbs verb verbs ;;
        rest)
          case $words[1] in
    \(Fleetlog.verbs.map(section).joined(separator: "\n"))
          esac
          ;;
      esac
    }

    # Read by compinit, or sourced.
    if [[ $funcstack[1] == _fleetlog ]]; then
      _fleetlog "$@"
    else
      compdef _fleetlog fleetlog
    fi
    """
  }

  private static func section(_ verb: any Verb.Type) -> String {
    var specifications = verb.allOptions.flatMap(specifications)
    switch verb.suggestion {
    case .command: specifications += ["(-)1:command:_command_names -e", "*::arguments:_normal"]
    case .text: break
    case let operands: specifications.append("*:operand:" + action(operands))
    }
    let words = specifications.map { "          " + Shell.quoted($0) }
    return "        \(verb.name))\n          _arguments -S \\\n  "
      + words.joined(separator: " \\\n  ") + "\n          ;;"
  }

  private static func specifications(_ option: Option) -> [String] {
    let explanation = "[\(escaped(option.help))]"
    guard let value = option.value else { return ["--" + option.name + explanation] }
    let argument = ":\(escaped(value)):" + action(option.suggestion ?? .text)
    let mark = option.isRepeatable ? "*" : ""
    return ["\(mark)--\(option.name)=\(explanation)\(argument)"]
      + (option.short.map { ["\(mark)-\($0)\(explanation)\(argument)"] } ?? [])
  }

  private static func action(_ suggestion: Suggestion) -> String {
    switch suggestion {
    case .words(let words): "(\(words.joined(separator: " ")))"
    case .file: "_files"
    case .folder: "_files -/"
    case .command: "_command_names -e"
    case .text: " "
    }
  }

  /// Text in which nothing ends an explanation or begins the next part.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      if "[]:\\".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
  }
}
