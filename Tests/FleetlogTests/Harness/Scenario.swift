import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation

@testable import fleetlog

/// A folder of `Tests/Fixtures/scenarios`: transcripts and event lines, and what is to be inferred
/// from them in words that a person can read.
///
/// `scenario.txt` says in its first line what is shown; lines below may set the moment of reading
/// (`recorded: 2026-03-03T12:00:00Z`, else the end of the log) and the moment up to which the log
/// is judged (`until: …`, else its own end).
struct Scenario {
  let name: String
  let title: String
  private let recorded: Int64?
  private let until: Int64?

  static let folder = "scenarios"
  static let firings = ProcessInfo.processInfo.environment["FLEETLOG_FIRINGS"]

  static var names: [String] {
    let root = Fixtures.url(folder).path
    return (try? FileManager.default.contentsOfDirectory(atPath: root))?.filter {
      FileManager.default.fileExists(atPath: root + "/" + $0 + "/scenario.txt")
    }.sorted() ?? []
  }

  init(_ name: String) throws {
    self.name = name
    let text = String(
      decoding: try Fixtures.bytes("\(Self.folder)/\(name)/scenario.txt"), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    title = lines.first ?? ""
    func time(_ key: String) -> Int64? {
      lines.first { $0.hasPrefix(key + ": ") }.flatMap {
        Timestamp.parse(String($0.dropFirst(key.count + 2)))
      }
    }
    recorded = time("recorded")
    until = time("until")
  }

  /// The scenario's input files, by their paths below its folder.
  private var inputs: [String] {
    let root = Fixtures.url("\(Self.folder)/\(name)").path
    return (FileManager.default.subpaths(atPath: root) ?? []).filter { $0.hasSuffix(".jsonl") }
      .sorted()
  }

  /// Reads the scenario through the real pipeline and tells what came of it.
  func run(reversed: Bool = false) throws -> String {
    try read(reversed: reversed) { fleet in
      try ScenarioReport(database: fleet.database, title: title, until: until).text
    }
  }

  /// Reads the scenario through the real pipeline, for a look at what came of it.
  func read<Result>(
    reversed: Bool = false, _ body: (Fleet) throws -> Result
  ) throws -> Result {
    try Fleet.with { fleet in
      for input in inputs {
        let folder = (input as NSString).deletingLastPathComponent
        if !folder.isEmpty { try fleet.folder.makeFolder(folder) }
        try fleet.folder.write(input, Fixtures.bytes("\(Self.folder)/\(name)/\(input)"))
      }
      let clock = SettableClock(recorded ?? Self.lastTime(fleet, inputs))
      let writer = try Pipeline.create(database: fleet.database)
      let search = try SearchThread(database: fleet.database)
      let pipeline = Pipeline(
        writer: writer, cap: .sha256(), search: search, clock: { clock.now })
      for input in reversed ? inputs.reversed() : inputs {
        pipeline.take(change(fleet.folder.path(input)))
      }
      while try pipeline.step() {}
      try pipeline.settle(quietSince: .max)
      try pipeline.judge(until: until)
      try search.finish()
      return try body(fleet)
    }
  }

  /// The newest time that an input states: when it was read, unless the scenario says otherwise.
  private static func lastTime(_ fleet: Fleet, _ inputs: [String]) -> Int64 {
    var last: Int64 = 0
    for input in inputs {
      let text = (try? String(contentsOfFile: fleet.folder.path(input).text, encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") {
        let value = try? JSONDocument(String(line)).root
        let time = (value?["timestamp"] ?? value?["ts"])?.string.flatMap { Timestamp.parse($0) }
        last = max(last, time ?? 0)
      }
    }
    return last
  }
}

/// A clock that stands still until it is set; one test's thread uses it.
final class SettableClock {
  var now: Int64

  init(_ now: Int64) { self.now = now }
}

/// What a log came to, for people: what was inferred and from what, which links rules drew, and
/// what asks for attention.
struct ScenarioReport {
  private(set) var text = ""
  /// Who shows each event: its emitter, or the sessions where several show it.
  private var emitters: [Int64: String] = [:]

  /// - Parameter until: the moment up to which the log was judged, in ms; nil for its own end.
  init(database: String, title: String, until: Int64? = nil) throws {
    let log = try EventLog(path: database, deadline: 60_000)
    var filter = EventFilter()
    filter.sort = .oldest
    filter.limit = 500
    var events: [StoredEvent] = []
    repeat {
      let page = try log.events(filter)
      events += page.rows.map(\.event)
      filter.after = page.next
    } while filter.after != nil
    events.sort { ($0.ts, $0.idempotencyKey ?? "") < ($1.ts, $1.idempotencyKey ?? "") }

    for event in events {
      let sessions = try log.event(event.id)?.sessions ?? []
      emitters[event.id] =
        sessions.count > 1
        ? sessions.map { String($0.prefix(8)) }.sorted().joined(separator: "+") : event.instanceID
    }
    var inferred: [String] = []
    var links: [String] = []
    var asking: [String] = []
    var closed: Set<Int64> = []
    for event in events {
      var evidence: [String] = []
      for link in try log.event(event.id)?.links ?? [] {
        guard link.direction == .outgoing, Self.isByRule(link) else { continue }
        if [.supersedes, .resolves].contains(link.relation) { closed.insert(link.other.id) }
        if link.relation == .causedBy, Inference.isKey(event.idempotencyKey) {
          evidence.append("  from: \(name(link.other))")
        } else {
          links.append(
            "\(name(event))\n  \(link.relation.words) \(name(link.other))"
              + (Self.isWithdrawn(link) ? " (withdrawn)" : ""))
        }
      }
      if Inference.isKey(event.idempotencyKey) {
        inferred.append(describe(event) + "\n" + evidence.joined(separator: "\n"))
      }
    }
    for event in events where event.attentionCandidate && !closed.contains(event.id) {
      asking.append(name(event))
    }
    let end = max(until ?? 0, try log.overview().lastEventAt ?? 0)
    let workers = try WorkerReport(log, at: end).lines
    text =
      [
        title, Self.section("Inferred", inferred), Self.section("Links drawn by rules", links),
        Self.section("Asks for attention", asking),
        "Workers at the end:\n\n" + workers.joined(separator: "\n"),
      ].joined(separator: "\n\n") + "\n"
  }

  private static func section(_ name: String, _ entries: [String]) -> String {
    "\(name): " + (entries.isEmpty ? "nothing" : "\(entries.count)\n\n")
      + entries.joined(separator: "\n")
  }

  /// Links of the synthesizer name their rule with its version; those of parsers do not.
  private static func isByRule(_ link: StoredLink) -> Bool {
    guard let metadata = try? JSONDocument(link.metadata ?? "").root else { return false }
    return metadata["by"]?.string == "rule" && metadata["rule"]?.string?.contains("/") == true
  }

  private static func isWithdrawn(_ link: StoredLink) -> Bool {
    link.metadata?.contains("\"withdrawn\":true") ?? false
  }

  private func name(_ event: StoredEvent) -> String {
    let time = Timestamp.format(event.ts).dropFirst(11).prefix(8)
    let mark = Inference.isKey(event.idempotencyKey) ? "~" : ""
    return "\(time) \(emitters[event.id] ?? "") \(mark)\(event.type) “\(event.summary)”"
  }

  private func describe(_ event: StoredEvent) -> String {
    var words: [String] = []
    if let confidence = event.confidence { words.append("confidence \(confidence)") }
    if let severity = event.severity, severity > 1 { words.append("severity \(severity)") }
    if event.attentionCandidate { words.append("asks for attention") }
    if event.operatorActionRequired { words.append("action required") }
    if event.riskDetected { words.append("risk") }
    if let key = event.dedupeKey { words.append("dedupe \(key)") }
    let artifacts = ArtifactReference.list(event.artifactRefs).map {
      "\($0.kind) \($0.url ?? $0.ref ?? "")"
    }
    return
      ([
        name(event), "  because: \((event.provenance ?? "").dropFirst(14))",
        "  " + words.joined(separator: ", "),
      ] + artifacts.map { "  artifact: \($0)" }).joined(separator: "\n")
  }
}
