import FleetlogEvents
import FleetlogStore

/// Copies the log while others read and write it.
enum BackupCommand: Verb {
  static let name = "backup"
  static let operands = "FILE"
  static let help = "Copies the log and its full-text index, online, into FILE and FILE-search."
  static let options = [CommonOptions.database, CommonOptions.json]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard let file = arguments.positional.first, arguments.positional.count == 1 else {
      throw UsageError("it needs one file to write: fleetlog backup FILE")
    }
    let path = try CommonOptions.existingDatabase(arguments)
    let report = try Backup.write(of: path, to: file) { done, all in
      Terminal.show("copied \(done) of \(all) pages")
    }
    Terminal.show("")
    if arguments.has("json") {
      var object = JSONObject()
      object.set("file", file)
      object.set("events", report.events)
      object.set("bytes", report.bytes)
      Terminal.print(object.bytes)
    } else {
      Terminal.print(
        "\(Terminal.safe(file)): \(Figures.plural(report.events, "event")), "
          + "\(Figures.bytes(report.bytes)), checked; read it with --db")
    }
    return 0
  }
}
