import FleetlogClient
import FleetlogDirect
import FleetlogRun
import Foundation

/// Starts a program as a run.
enum RunCommand: Verb {
  static let name = "run"
  static let operands = "[options] -- COMMAND…"
  static let help = """
    Starts a program as a run of the log: tells that it began and how it ended, keeps what it
    writes as the run's transcript, and takes the events in it. The program's input, output,
    signals, terminal and exit status are as without it (128 + N for signal N). What it starts with
    “fleetlog run” in its turn is a child of the run; what it logs with “fleetlog log” belongs to it.
    """
  static let options = [
    CommonOptions.database,
    Option(name: "role", value: "ROLE", help: "worker (default), supervisor, orchestrator, …"),
    Option(
      name: "instance", value: "NAME",
      help: "the run's name (default $INSTANCE_ID, else W00001, W00002, …)"),
    Option(
      name: "capture", value: "BYTES",
      help: "of each stream that are kept, 0 for none (default \(RunOptions.defaultCaptureLimit))"),
    CommonOptions.inbox,
  ]

  static func asksForHelp(_ words: [String]) -> Bool {
    words.prefix { $0.hasPrefix("-") && $0 != "--" }.contains(where: Fleetlog.asksForHelp)
  }

  /// Runs the command; its own way, since none of the program's words are the command's.
  static func launch(_ words: [String], version: String) -> Int32 {
    let signals = SignalState.take()
    let environment = LogPlaces.environment
    let options: RunOptions
    do {
      options = try RunOptions(words, environment: environment)
    } catch {
      RunLauncher.say(Terminal.safe("\(error)"))
      return 2
    }
    let places = LogPlaces(
      environment: options.settings, database: options.database, inbox: options.inbox,
      program: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let launcher = RunLauncher(
      options: options,
      route: DirectLog.route(to: places, patience: RunLauncher.patience, defersSync: true),
      environment: environment, signals: signals, version: version)
    // Behind the program's name and the verb.
    return launcher.run(CommandLine.unsafeArgv + 2 + options.command)
  }

  static func run(_ arguments: Arguments) throws -> Int32 {
    throw UsageError("there is no command: fleetlog run [options] -- COMMAND…")
  }
}
