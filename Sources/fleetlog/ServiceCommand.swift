import FleetlogClient
import FleetlogWeb
import Foundation

/// Keeps the dashboard running in the user's own session, by systemd.
enum ServiceCommand: Verb {
  static let name = "service"
  static let operands = "install|uninstall|status [-- OPTION-OF-SERVE… DIR…]"
  static let help =
    "Installs fleetlog serve as a hardened service of yours, removes it, or says how it is."
  static let options = [
    CommonOptions.database,
    Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
    Option(name: "dry-run", value: nil, help: "shows what would be done and changes nothing"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let environment = ProcessInfo.processInfo.environment
    let words = arguments.positional
    let service = InstalledService(environment: environment)
    switch words.first {
    case "install":
      return try install(service, serving: Array(words.dropFirst()), arguments)
    case "uninstall" where words.count == 1:
      return try uninstall(service, isDry: arguments.has("dry-run"))
    case "status" where words.count == 1:
      return try status(service, database: CommonOptions.database(arguments))
    default:
      throw UsageError("it takes install, uninstall or status, as in --help")
    }
  }

  private static func install(
    _ service: InstalledService, serving words: [String], _ arguments: Arguments
  ) throws -> Int32 {
    // Wrong options of serve are found now, and not by a service that does not start.
    _ = try Arguments(words, options: ServeCommand.options, environment: [:])
    let database = LogPlaces.absolute(CommonOptions.database(arguments))
    var command = [service.program, "serve", "--assets", try Places.assets(arguments).root]
    var unit = ServiceUnit(scope: .user, command: [])
    // The service has none of this shell's variables, so what they say is told to it.
    if database != service.usualDatabase {
      command += ["--db", database]
      unit.writable = [(database as NSString).deletingLastPathComponent]
    }
    unit.command = command + words
    let text = try unit.text()
    if arguments.has("dry-run") {
      Terminal.say("would write \(Terminal.safe(service.path)) and start it:")
      Terminal.print(text)
      return 0
    }
    // A folder that is missing when the service starts stays closed to it.
    try Places.makeFolder(of: database)
    try service.write(text)
    Terminal.say("wrote \(Terminal.safe(service.path))")
    try service.manager.ask("daemon-reload")
    try service.manager.ask("enable", ServiceUnit.name)
    try service.manager.ask("restart", ServiceUnit.name)
    Terminal.say(
      "started; fleetlog service status tells how it is, journalctl --user -u fleetlog what it "
        + "says. It runs while you are logged in; loginctl enable-linger has it run always")
    return 0
  }

  private static func uninstall(_ service: InstalledService, isDry: Bool) throws -> Int32 {
    guard try service.isInstalled else {
      if service.isEnabled { return try disable(service, isDry: isDry) }
      Terminal.say("there is no unit at \(Terminal.safe(service.path)): nothing to remove")
      return 0
    }
    if isDry {
      Terminal.say("would stop the service and remove \(Terminal.safe(service.path))")
      return 0
    }
    var trouble: Failure?
    do throws(Failure) { try service.manager.ask("disable", "--now", ServiceUnit.name) } catch {
      trouble = error
    }
    try service.remove()
    _ = try? service.manager.ask("daemon-reload")
    Terminal.say(
      "removed \(Terminal.safe(service.path)); the log stays where it is (see the README for what "
        + "to delete)")
    if let trouble { throw trouble }
    return 0
  }

  /// Stops the package's own unit, whose link would outlive the package.
  private static func disable(_ service: InstalledService, isDry: Bool) throws -> Int32 {
    if isDry {
      Terminal.say("would stop and disable \(ServiceUnit.name) of the package")
      return 0
    }
    try service.manager.ask("disable", "--now", ServiceUnit.name)
    Terminal.say(
      "stopped and disabled \(ServiceUnit.name) of the package; the log stays where it is")
    return 0
  }

  private static func status(_ service: InstalledService, database: String) throws -> Int32 {
    guard try service.isInstalled else {
      Terminal.print("not installed: there is no unit at \(Terminal.safe(service.path))")
      return 1
    }
    Terminal.print("installed: \(Terminal.safe(service.path))")
    // Of a service that does not run, systemctl says so and fails.
    let state = (try? service.manager.ask("is-active", ServiceUnit.name)) ?? "not active"
    Terminal.print("state: \(Terminal.safe(state))")
    if let notice = ServerNotice(ofLog: database) {
      Terminal.print("address: \(Terminal.safe(notice.url)), process \(notice.process)")
    }
    return state == "active" ? 0 : 1
  }
}
