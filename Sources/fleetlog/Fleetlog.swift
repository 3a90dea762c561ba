import FleetlogClient
import FleetlogEvents
import FleetlogRun
import FleetlogStore
import Foundation

/// The program: finds the verb, reads its arguments, runs it.
@main
enum Fleetlog {
  static let version = ProgramVersion.current

  /// Every verb, in the order of the help.
  static let verbs: [any Verb.Type] = [
    ServeCommand.self, IngestCommand.self, DemoCommand.self, EventsCommand.self,
    SearchCommand.self, SessionsCommand.self, WorkersCommand.self, RunsCommand.self,
    TasksCommand.self, ExportCommand.self, ContractCommand.self, HookCommand.self, RunCommand.self,
    LogCommand.self, TokenCommand.self, DoctorCommand.self, PruneCommand.self, ForgetCommand.self,
    ReindexCommand.self, ReplayCommand.self, BackupCommand.self, ConfigCommand.self,
    ServiceCommand.self, BenchCommand.self, HelpCommand.self,
  ]

  static let purpose =
    "Turns the transcripts of AI coding agents into a typed, linked, searchable event log."

  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    // A command that is run finds its signals as this program did.
    if words.first != RunCommand.name { signal(SIGPIPE, SIG_IGN) }
    exit(run(words))
  }

  /// Whether a word is one by which people ask for help.
  static func asksForHelp(_ word: String) -> Bool { word == "--help" || word == "-h" }

  private static func run(_ words: [String]) -> Int32 {
    guard let name = words.first, !Self.asksForHelp(name) else {
      Terminal.print(usage)
      return words.isEmpty ? 2 : 0
    }
    if ["--version", "-v", "version"].contains(name) {
      Terminal.print("fleetlog \(version)")
      return 0
    }
    guard let verb = verbs.first(where: { $0.name == name }) else {
      Terminal.say("fleetlog: " + Terminal.safe(noVerb(name)))
      return 2
    }
    let rest = Array(words.dropFirst())
    if name == HookCommand.name, HookCommand.isReceiving(rest), HookCommand.receive(rest) {
      return 0
    }
    if name == RunCommand.name, !RunCommand.asksForHelp(rest) {
      return RunCommand.launch(rest, version: version)
    }
    if rest.prefix(while: { $0 != "--" }).contains(where: asksForHelp) {
      Terminal.print(verb.usage)
      return 0
    }
    do {
      let arguments = try arguments(of: verb, rest)
      if verb.operands.isEmpty, let word = arguments.positional.first {
        throw UsageError("it takes options and no \"\(word)\": see fleetlog \(name) --help")
      }
      do {
        return try verb.run(arguments)
      } catch let error as EventFilter.ParameterError {
        let option = error.parameter.replacingOccurrences(of: "_", with: "-")
        throw UsageError(error.description(calling: arguments.called(option)))
      }
    } catch let error as UsageError {
      Terminal.say("fleetlog \(name): \(Terminal.safe(error.description))")
      return 2
    } catch {
      Terminal.say("fleetlog \(name): \(Terminal.safe("\(error)"))")
      return 1
    }
  }

  /// Says that no verb is called so, and which ones may have been meant.
  static func noVerb(_ name: String) -> String {
    "there is no verb “\(name)”" + NearNames.hint(name, among: verbs.map { $0.name })
      + ": see fleetlog --help"
  }

  private static func arguments(
    of verb: any Verb.Type, _ words: [String]
  ) throws -> Arguments {
    var environment = ProcessInfo.processInfo.environment
    guard verb.usesSettings else {
      return try Arguments(words, options: verb.options, environment: environment)
    }
    // Read once for the name of the file alone, which what asks for places must find too.
    let options = verb == ConfigCommand.self ? ConfigCommand.everyOption : verb.allOptions
    let given = try Arguments(words, options: options, environment: environment)
    if let file = given.value(CommonOptions.config.name) {
      environment[SettingsFile.variable] = file
      setenv(SettingsFile.variable, file, 1)
    }
    let settings = try SettingsFile.load(environment)
    try settings?.check(against: verbs)
    return try Arguments(
      words, options: options, environment: environment, settings: settings, verb: verb.name)
  }

  static var usage: String {
    let width = verbs.map { $0.name.count }.max() ?? 0
    let list = verbs.map { verb in
      "  " + verb.name + String(repeating: " ", count: width - verb.name.count + 2)
        + verb.summary
    }
    return """
      usage: fleetlog VERB [options]

      \(purpose)

      \(list.joined(separator: "\n"))

      fleetlog VERB --help tells more; fleetlog --version tells the version.
      """
  }
}
