/// Tells what the verbs are: to people, to `man` and to shells, all from the one list of verbs.
enum HelpCommand: Verb {
  static let name = "help"
  static let operands = "[VERB]"
  static let help = """
    Tells what the verbs are, or what one of them takes: the same as --help. The manual page and the
    shells' completions are made here too; a package has them already.
    """
  static let usesSettings = false
  static let options = [
    Option(name: "man", value: nil, help: "prints the manual page, for man -l"),
    Option(
      name: "completion", value: "SHELL", help: "prints completions for bash, zsh or fish",
      choices: Shell.allCases.map(\.rawValue)),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    if arguments.has("man") {
      Terminal.print(ManualPage.text)
    } else if let shell = arguments.value("completion").flatMap(Shell.init(rawValue:)) {
      Terminal.print(shell.completions)
    } else if let name = arguments.positional.first {
      guard let verb = Fleetlog.verbs.first(where: { $0.name == name }) else {
        throw UsageError(Fleetlog.noVerb(name))
      }
      Terminal.print(verb.usage)
    } else {
      Terminal.print(Fleetlog.usage)
    }
    return 0
  }
}
