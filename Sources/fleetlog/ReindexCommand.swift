import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Reads again, with newer parsers, what older ones have read.
enum ReindexCommand: Verb {
  static let name = "reindex"
  static let help =
    "Reads transcripts again that an older parser read; what changed supersedes what stood."
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Option(name: "all", value: nil, help: "reads all again, whichever parser read them"),
    Option(
      name: "damaged", value: nil,
      help: "reads those again of which texts are damaged in the log, and puts these back"),
    Option(
      name: "max-text", value: "BYTES",
      help: "text kept whole up to this size, cut beyond it (default 1048576)"),
    Thresholds.option,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let path = try CommonOptions.existingDatabase(arguments)
    let cap = TextCap.sha256(
      limit: try arguments.int("max-text", in: 1024...(1 << 30)) ?? TextCap.defaultLimit)
    let writer = try Pipeline.create(database: path, rules: Thresholds.rules(arguments))
    let search = try SearchThread(database: path)
    let reindexer = Reindexer(writer: writer, cap: cap, clock: Clock.now)
    let files = try reindexer.files(
      arguments.has("all") ? .all : arguments.has("damaged") ? .damaged : .older)
    var report = Report()
    for (count, file) in files.enumerated() {
      Terminal.show("reading \(count + 1) of \(files.count) files again")
      report.add(try reindexer.read(file), of: file)
      search.wake()
    }
    try search.finish()
    Terminal.show("")
    report.print(asJSON: arguments.has("json"))
    return 0
  }

  private struct Report {
    var files = 0
    var appended = Appended()
    var passedOver: [(path: String, reason: String)] = []

    mutating func add(_ outcome: Reindexer.Outcome, of file: SourceRecord) {
      switch outcome {
      case .read(let more):
        files += 1
        appended.add(more)
      case .passedOver(let reason): passedOver.append((file.path, reason))
      }
    }

    func print(asJSON: Bool) {
      let new = appended.inserted - appended.superseded
      if asJSON {
        var object = JSONObject()
        object.set("files", files)
        object.set("events_superseded", appended.superseded)
        object.set("events_inserted", new)
        object.set("events_existing", appended.existing)
        object.set(
          "passed_over",
          passedOver.map { path, reason in
            var entry = JSONObject()
            entry.set("path", path)
            entry.set("reason", reason)
            return entry
          })
        Terminal.print(object.bytes)
        return
      }
      Terminal.print(
        "\(Figures.plural(files, "file")) read again: "
          + "\(Figures.plural(appended.superseded, "event")) superseded, \(new) new, "
          + "\(appended.existing) as they were")
      for (path, reason) in passedOver {
        Terminal.say("passed over \(Terminal.safe(path)): \(Terminal.safe(reason))")
      }
    }
  }
}
