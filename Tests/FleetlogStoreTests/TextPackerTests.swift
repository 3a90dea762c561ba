import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Payloads as the log keeps them")
struct TextPackerTests {
  private static let long = (0..<400).map { "line \($0) of what a tool printed" }.joined(
    separator: "\n")

  private func cut(_ json: String) -> String {
    Array(json.utf8).withUnsafeBufferPointer {
      String(decoding: TextPacker.cut($0), as: UTF8.self)
    }
  }

  /// What stands in the log's own columns.
  private func kept(_ key: String, in log: TemporaryLog) throws -> (json: String, packed: [UInt8]) {
    try #require(
      try Connection(path: log.path, access: .readOnly).first(
        "SELECT payload_json, payload_packed FROM events WHERE idempotency_key = ?", [.text(key)]
      ) { (json: $0.text(0), packed: $0.blob(1)) })
  }

  private func log(_ text: String = long) throws -> TemporaryLog {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"),
      .sample("a", .toolResult) { draft in
        draft.payload.set("tool", "Bash")
        draft.payload.set("text", text)
        draft.payload.set("is_error", true)
      })
    return log
  }

  @Test("Long texts are cut at any depth; keys, numbers, flags and short texts stand as they were")
  func cuts() {
    let text = String(repeating: "x", count: 1000)
    let head = String(repeating: "x", count: 128) + "…"
    #expect(
      cut(#"{"a":"\#(text)","n":17,"b":[true,{"c":"\#(text)"}],"\#(text)" : null,"d":"short"}"#)
        == #"{"a":"\#(head)","n":17,"b":[true,{"c":"\#(head)"}],"\#(text)" : null,"d":"short"}"#)
    let exact = String(repeating: "x", count: 256)
    #expect(cut(#"["\#(exact)","\#(exact)x"]"#) == #"["\#(exact)","\#(head)"]"#)
  }

  @Test("No cut tears a character or an escape, wherever it falls", arguments: 100...140)
  func boundaries(before: Int) throws {
    for piece in ["é", "漢", "😀", #"\""#, #"\\"#, #"\u00e9"#, #"\ud83d\ude00"#, "\\n"] {
      let json =
        #"{"t":""# + String(repeating: "a", count: before)
        + String(repeating: piece, count: 300) + #""}"#
      let whole = try #require(try JSONDocument(json).root["t"]?.string)
      let text = try #require(try JSONDocument(cut(json)).root["t"]?.string)
      #expect(text.last == "…")
      #expect(text.utf8.count > 60)
      #expect(whole.hasPrefix(text.dropLast()), "\(piece)")
    }
  }

  @Test("What is no JSON gives some bytes and never a trap")
  func noJSON() {
    for text in [#"{"a":"\#(Self.long)"#, #"{"a":"\#(Self.long)\"#, "\"", "\"\\", ""] {
      for end in stride(from: 0, through: text.utf8.count, by: 7) {
        _ = cut(String(decoding: text.utf8.prefix(end), as: UTF8.self))
      }
    }
  }

  @Test("A large payload is packed and read back whole, by every way to it")
  func whole() throws {
    let log = try log()
    let kept = try kept("a", in: log)
    #expect(kept.packed.count > 0)
    #expect(kept.json.utf8.count + kept.packed.count < Self.long.utf8.count / 2)
    let json = try JSONDocument(kept.json).root
    #expect(json["tool"]?.string == "Bash" && json["is_error"]?.bool == true)
    let head = try #require(json["text"]?.string)
    #expect(head.last == "…" && Self.long.hasPrefix(head.dropLast()))
    let event = try #require(try log.event("a"))
    #expect(try JSONDocument(event.payload ?? "").root["text"]?.string == Self.long)
    let one = try #require(try log.reader().event(event.id)).event
    #expect(one.payload == event.payload)
    let size = try log.writer.connection.first(
      "SELECT unpacked_size(payload_json, payload_packed) FROM events WHERE id = ?",
      [.int(event.id)]
    ) { $0.int(0) }
    #expect(size == Int64(event.payload?.utf8.count ?? 0))
    var filter = EventFilter()
    filter.text = "\"399 of what\""
    #expect(try log.reader().events(filter).rows.map(\.event.id) == [event.id])
  }

  @Test("A small payload, and one that would not get smaller, is kept as it is")
  func plain() throws {
    var generator = SeededGenerator(seed: 3)
    for text in ["short", String.noise(4000, using: &generator)] {
      let log = try log(text)
      let kept = try kept("a", in: log)
      #expect(kept.packed.count == 0)
      #expect(try JSONDocument(kept.json).root["text"]?.string == text)
      #expect(try log.event("a")?.payload == kept.json)
    }
  }

  @Test("A secret that lies across the cut is masked")
  func secrets() throws {
    let secret = "ghp_" + String(repeating: "aB3", count: 12)
    for before in [90, 110, 120, 127] {
      let log = try log(String(repeating: "x", count: before) + " \(secret) " + Self.long)
      let rows = try log.reader().events(EventFilter()).rows
      let event = try #require(rows.first { $0.event.type == .toolResult })
      #expect(event.event.payload?.contains("aB3") == false)
    }
  }

  @Test("Of a damaged one the log still shows what was not packed")
  func damaged() throws {
    let log = try log()
    try log.writer.connection.script(
      "UPDATE events SET payload_packed = x'28b52ffd00' WHERE idempotency_key = 'a'",
      operation: "damage a payload")
    let event = try #require(try log.event("a"))
    #expect(event.payload == (try kept("a", in: log)).json)
  }

  @Test("Events of an earlier schema keep their payloads and are read as they were")
  func earlier() throws {
    let log = try log()
    try log.writer.connection.script(
      """
      UPDATE events SET payload_json = unpacked(payload_json, payload_packed),
        payload_packed = NULL WHERE idempotency_key = 'a'
      """, operation: "unpack a payload")
    let event = try #require(try log.event("a"))
    #expect(try JSONDocument(event.payload ?? "").root["text"]?.string == Self.long)
  }
}
