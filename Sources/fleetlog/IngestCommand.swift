import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogThreads
import Foundation

/// Reads everything below some folders once.
enum IngestCommand: Verb {
  static let name = "ingest"
  static let operands = "DIR…"
  static let help = "Reads every transcript below the folders once, and exits."
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Option(
      name: "max-text", value: "BYTES",
      help: "text kept whole up to this size, cut beyond it (default 1048576)"),
    Option(
      name: "order", value: "ORDER",
      help: "which files come first, newest or oldest (default newest)",
      choices: ["newest", "oldest"]),
    Exclusion.option, Thresholds.option,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard !arguments.positional.isEmpty else {
      throw UsageError("it needs a folder: fleetlog ingest DIR…")
    }
    let started = MonotonicClock.now
    let path = CommonOptions.database(arguments)
    try Places.makeFolder(of: path)
    let roots = arguments.positional.map { FilePath($0) }
    for root in roots where FileStamp.of(root) == nil {
      throw Failure("can't read \(root): there is nothing; name a folder that exists")
    }
    for limit in MemoryLimit.low() {
      let parts = limit.fields.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
      Terminal.say("\(MemoryLimit.sentence): \(parts)")
    }
    let cap = TextCap.sha256(
      limit: try arguments.int("max-text", in: 1024...(1 << 30)) ?? TextCap.defaultLimit)
    let rules = try Thresholds.rules(arguments)
    let exclusion = try Exclusion(arguments)
    // The writer creates the log that the index reads.
    let writer = try Pipeline.create(database: path, rules: rules)
    let search = try SearchThread(database: path)
    let pipeline = Pipeline(
      writer: writer, cap: cap, search: search, exclusion: exclusion, clock: Clock.now)
    let listing = FileLister().list(roots)
    let newestFirst = listing.newestFirst
    for file in arguments.value("order") == "oldest" ? newestFirst.reversed() : newestFirst {
      pipeline.take(file)
    }
    var meter = ProgressMeter()
    while try pipeline.step() { meter.show(pipeline.progress) }
    try pipeline.settle(quietSince: .max)
    try pipeline.judge()
    meter.show("indexing full text …")
    try search.finish()
    meter.clear()
    let seconds = Double(MonotonicClock.now - started) / 1000
    report(pipeline.progress, listing, seconds, asJSON: arguments.has("json"))
    return 0
  }

  private static func report(
    _ progress: Pipeline.Progress, _ listing: FileLister.Listing, _ seconds: Double, asJSON: Bool
  ) {
    let skipped =
      progress.skipped + listing.passedOver.map { ($0.path.text, $0.detail) }
    if asJSON {
      var object = JSONObject()
      object.set("files", progress.filesDone)
      object.set("bytes", progress.bytesDone)
      object.set("lines", progress.lines)
      object.set("events_inserted", progress.appended.inserted)
      object.set("events_inferred", progress.appended.inferred)
      object.set("events_existing", progress.appended.existing)
      object.set("links", progress.appended.links)
      object.set("validation_errors", progress.appended.validationErrors)
      object.set(
        "skipped",
        skipped.map { path, reason in
          var entry = JSONObject()
          entry.set("path", path)
          entry.set("reason", reason)
          return entry
        })
      object.set("seconds", seconds)
      Terminal.print(object.bytes)
      return
    }
    Terminal.print(
      "\(Figures.plural(progress.filesDone, "file")), \(Figures.bytes(progress.bytesDone)), "
        + "\(Figures.plural(progress.lines, "line")) in \(Figures.seconds(seconds)): "
        + "\(Figures.plural(progress.appended.inserted, "event")) new, "
        + "\(progress.appended.inferred) inferred, \(progress.appended.existing) known, \(Figures.plural(progress.appended.links, "link")), "
        + "\(Figures.plural(progress.appended.validationErrors, "refused block"))")
    for (path, reason) in skipped {
      Terminal.say("passed over \(Terminal.safe(path)): \(Terminal.safe(reason))")
    }
  }
}

/// The line that moves while an import runs.
struct ProgressMeter {
  private let started = MonotonicClock.now
  private var lastShown: Int64 = 0

  mutating func show(_ progress: Pipeline.Progress) {
    let now = MonotonicClock.now
    guard Terminal.isInteractive, now - lastShown >= 100 else { return }
    lastShown = now
    let elapsed = Double(now - started) / 1000
    let rate = elapsed > 0 ? Double(progress.bytesDone) / elapsed : 0
    let share = progress.bytes > 0 ? Double(progress.bytesDone) / Double(progress.bytes) : 0
    let filled = Int((min(1, share) * 24).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let left = rate > 0 ? Double(progress.bytes - progress.bytesDone) / rate : 0
    Terminal.show(
      "\(bar) \(Int(share * 100)) %  \(progress.filesDone)/\(progress.files) files  "
        + "\(Figures.bytes(progress.bytesDone))  \(progress.appended.inserted) events  "
        + "\(Figures.bytes(Int64(rate)))/s  \(Figures.seconds(max(0, left))) left")
  }

  func show(_ text: String) { Terminal.show(text) }

  func clear() { Terminal.show("") }
}

/// Numbers for people.
enum Figures {
  static func bytes(_ count: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0
      ? "\(count) B"
      : String(format: value < 10 ? "%.1f " : "%.0f ", value)
        + units[unit]
  }

  /// `1 event`, `25310 events`: with every digit, as what was done to a log is compared with what it
  /// holds.
  static func plural(_ number: Int, _ one: String) -> String {
    "\(number) \(one)\(number == 1 ? "" : "s")"
  }

  static func seconds(_ seconds: Double) -> String {
    if seconds < 60 { return String(format: seconds < 10 ? "%.1f s" : "%.0f s", seconds) }
    if seconds < 3600 { return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s" }
    return "\(Int(seconds) / 3600) h \(Int(seconds) / 60 % 60) min"
  }
}
