import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("A WorkRail session's folder")
struct WorkRailIngestTests {
  private static let folder = "sessions/sess_a"

  /// One event of the log.
  private static func event(_ index: Int, _ kind: String = "step_noted") -> String {
    #"{"data":{},"dedupeKey":"\#(kind):sess_a:\#(index)","eventId":"evt_\#(index)","eventIndex":\#(index),"kind":"\#(kind)","sessionId":"sess_a","timestampMs":\#(1_772_528_400_000 + index * 1000),"v":1}"#
      + "\n"
  }

  private static func name(_ range: Range<Int>) -> String {
    func eight(_ number: Int) -> String {
      String(repeating: "0", count: 8 - String(number).count) + String(number)
    }
    return "events/\(eight(range.lowerBound))-\(eight(range.upperBound - 1)).jsonl"
  }

  private static func segment(_ range: Range<Int>) -> String {
    range.map { event($0, $0 == 0 ? "session_created" : "step_noted") }.joined()
  }

  private static func closed(_ range: Range<Int>, sha256: String? = nil) -> String {
    let text = segment(range)
    let digest = sha256 ?? FactKey.sha256(text)
    return
      #"{"bytes":\#(text.utf8.count),"kind":"segment_closed","manifestIndex":\#(range.lowerBound),"segmentRelPath":"\#(name(range))","sessionId":"sess_a","sha256":"sha256:\#(digest)","v":1}"#
      + "\n"
  }

  private static func write(_ fleet: Fleet, _ name: String, _ text: String) throws {
    try fleet.folder.makeFolder(folder + "/events")
    try fleet.folder.write("\(folder)/\(name)", text)
  }

  private static func indices(_ fleet: Fleet) throws -> [Int] {
    try fleet.events().filter { $0.type == .workerObservation }
      .map { Int(($0.ts - 1_772_528_400_000) / 1000) }.sorted()
  }

  @Test("is read as its manifest says, whichever of its files is seen first")
  func bothOrders() throws {
    func read(_ steps: [(Fleet) throws -> Void], oldestFirst: Bool = false) throws -> [String] {
      try Fleet.with { fleet in
        for step in steps {
          try step(fleet)
          try fleet.ingest(oldestFirst: oldestFirst)
        }
        // The events, and the order in which they were recorded.
        return try fleet.events().sorted { $0.id < $1.id }.map { "\($0.ts) \($0.summary)" }
      }
    }
    let first: (Fleet) throws -> Void = {
      try Self.write($0, Self.name(0..<3), Self.segment(0..<3))
    }
    let second: (Fleet) throws -> Void = {
      try Self.write($0, Self.name(3..<5), Self.segment(3..<5))
    }
    let manifest: (Fleet) throws -> Void = {
      try Self.write($0, "manifest.jsonl", Self.closed(0..<3) + Self.closed(3..<5))
    }
    let expected = try read([manifest, first, second])
    #expect(expected.count == 5)
    let manifestLast = try read([first, second, manifest])
    #expect(manifestLast == expected)
    let manifestBetween = try read([first, manifest, second])
    #expect(manifestBetween == expected)
    let atOnce: (Fleet) throws -> Void = { fleet in
      for step in [first, second, manifest] { try step(fleet) }
    }
    let newestFirst = try read([atOnce])
    #expect(newestFirst == expected)
    let oldestFirst = try read([atOnce], oldestFirst: true)
    #expect(oldestFirst == expected)
  }

  @Test("gives nothing of orphans and of what is still being written")
  func orphans() throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), Self.segment(0..<3))
      try Self.write(fleet, Self.name(3..<5), Self.segment(3..<5))
      try Self.write(fleet, Self.name(5..<7) + ".tmp", Self.segment(5..<7))
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3) + Self.closed(5..<7))
      try fleet.ingest()
      #expect(try Self.indices(fleet) == [1, 2])
      let orphan = try #require(
        try fleet.log.sources().first { $0.path.hasSuffix(Self.name(3..<5)) })
      #expect(orphan.state == .unrecognised && orphan.lastError?.contains("manifest") == true)
    }
  }

  @Test("without a manifest gives nothing")
  func noManifest() throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), Self.segment(0..<3))
      try fleet.ingest()
      #expect(try fleet.events().isEmpty)
    }
  }

  @Test(
    "keeps what a torn manifest names before the tear",
    arguments: ["{\"kind\":\"segment_clo", "{\"kind\":\"segment_clo\n", "\u{0}\u{0}\u{0}\n"])
  func tornManifest(tail: String) throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), Self.segment(0..<3))
      try Self.write(fleet, Self.name(3..<5), Self.segment(3..<5))
      let behind = tail.hasSuffix("\n") ? Self.closed(3..<5) : ""
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3) + tail + behind)
      try fleet.ingest()
      #expect(try Self.indices(fleet) == [1, 2])
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3) + Self.closed(3..<5))
      try fleet.ingest()
      #expect(try Self.indices(fleet) == [1, 2, 3, 4])
    }
  }

  @Test("says where a segment is not what the manifest promises, and reads it")
  func altered() throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), Self.segment(0..<3))
      try Self.write(
        fleet, "manifest.jsonl", Self.closed(0..<3, sha256: String(repeating: "0", count: 64)))
      try fleet.ingest()
      #expect(try Self.indices(fleet) == [1, 2])
      let source = try #require(
        try fleet.log.sources().first { $0.path.hasSuffix(Self.name(0..<3)) })
      let problems = try fleet.log.problems(source: source.id, limit: 10)
      #expect(problems.contains { $0.problem.reason.contains("SHA-256") })
    }
  }

  @Test("is followed live: a segment waits, and is read when the manifest names it")
  func live() throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), Self.segment(0..<3))
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      defer { _ = server.stop() }
      #expect(Self.waits { try fleet.log.sources().count == 1 })
      #expect(try fleet.events().isEmpty)
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3))
      #expect(Self.waits { try Self.indices(fleet) == [1, 2] })
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3) + Self.closed(3..<5))
      try Self.write(fleet, Self.name(3..<5), Self.segment(3..<5))
      #expect(Self.waits { try Self.indices(fleet) == [1, 2, 3, 4] })
    }
  }

  private static func waits(for condition: () throws -> Bool) -> Bool {
    for _ in 0..<1500 {
      if (try? condition()) ?? false { return true }
      usleep(20_000)
    }
    return false
  }

  @Test("with segments that can't be read does not keep the others waiting")
  func unreadableSegment() throws {
    try Fleet.with { fleet in
      try Self.write(fleet, Self.name(0..<3), "this is no event\nnor this\n")
      try Self.write(fleet, Self.name(3..<5), Self.segment(3..<5))
      try Self.write(fleet, "manifest.jsonl", Self.closed(0..<3) + Self.closed(3..<5))
      try fleet.ingest()
      #expect(try Self.indices(fleet) == [3, 4])
    }
  }

  @Test("and the daemon's stream make one run of a session")
  func daemonAndSession() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("daemon")
      try fleet.folder.write("daemon/day.jsonl", Fixtures.bytes("workrail-daemon/day.jsonl"))
      try fleet.folder.write("daemon/session.jsonl", Fixtures.bytes("workrail/session.jsonl"))
      try fleet.ingest()
      let session = try #require(try fleet.log.session("sess_shop0001"))
      #expect(session.runs.filter { $0.sessionID == "sess_shop0001" }.count == 1)
      #expect(session.session.toolCalls == 3 && session.session.responses == 2)
      #expect(session.session.outputTokens == 222)
      #expect(session.session.project == "/srv/shop" && session.session.branch == "main")
      // Both say that it ended well; what was inferred of one is withdrawn for the other.
      let inferred = try Replay.inferred(in: fleet.database).filter {
        $0.contains(#""completed""#)
      }
      #expect(inferred.count == 1 && inferred.first?.contains("0.9") == true)
    }
  }
}
