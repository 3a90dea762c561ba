import FleetlogDerive
import FleetlogEvents
import FleetlogStore
import Foundation

/// Makes what was inferred anew from the raw events, and compares.
enum ReplayCommand: Verb {
  static let name = "replay"
  static let help =
    "Rebuilds what was inferred and counted from the raw events alone, and compares."
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Reveal.option,
    Option(name: "check", value: nil, help: "exits 1 on any difference"),
    Thresholds.option,
  ]

  /// Differences that are named; the rest is counted.
  private static let shown = 5

  static func run(_ arguments: Arguments) throws -> Int32 {
    let path = try CommonOptions.existingDatabase(arguments)
    let rules = try Thresholds.rules(arguments)
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("fleetlog-replay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let report = try Replay.run(
      log: path, scratch: folder.appendingPathComponent("scratch.db").path,
      synthesize: rules, tasks: TaskReducer.projection,
      project: { SessionReducer.apply($0, to: &$1) }, now: Clock.now())
    print(report, asJSON: arguments.has("json"), Reveal.isAsked(arguments) ? .none : Redaction())
    return arguments.has("check") && !report.differences.isEmpty ? 1 : 0
  }

  private static func print(
    _ report: Replay.Report, asJSON: Bool, _ redaction: Redaction
  ) {
    var redaction = redaction
    if asJSON {
      var object = JSONObject()
      object.set("raw_events", report.rawEvents)
      object.set("inferred_events", report.inferredEvents)
      object.set("links", report.links)
      object.set("sessions", report.sessions)
      object.set("pending", report.pending)
      object.set(
        "differences",
        report.differences.map { difference in
          var entry = JSONObject()
          entry.set("kind", difference.kind)
          entry.set("stored", json: redaction.json(difference.stored))
          entry.set("replayed", json: redaction.json(difference.replayed))
          return entry
        })
      Terminal.print(object.bytes)
      return
    }
    let count = report.differences.count
    Terminal.print(
      "replayed \(report.rawEvents) raw events: \(report.inferredEvents) inferred events and "
        + "\(report.links) links compared, \(report.sessions) sessions counted: "
        + (count == 0 ? "no difference" : count == 1 ? "1 difference" : "\(count) differences"))
    for difference in report.differences.prefix(shown) {
      Terminal.say(
        """
        \(difference.kind)
          in the log: \(Terminal.safe(redaction.text(difference.stored ?? "missing")))
          replayed:   \(Terminal.safe(redaction.text(difference.replayed ?? "missing")))
        """)
    }
    if count > shown { Terminal.say("… and \(count - shown) more; --json lists all") }
    if report.pending > 0 {
      Terminal.say(
        "\(report.pending) runs or groups are still to be judged by the log's writer; until then "
          + "they differ")
    }
  }
}
