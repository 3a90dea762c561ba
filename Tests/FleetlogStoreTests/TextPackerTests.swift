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

  @Test("Of a damaged one the log shows what was not packed, and each text that was cut says so")
  func damaged() throws {
    let log = try log()
    try log.writer.connection.script(
      "UPDATE events SET payload_packed = x'28b52ffd00' WHERE idempotency_key = 'a'",
      operation: "damage a payload")
    let event = try #require(try log.event("a"))
    let json = try JSONDocument(event.payload ?? "").root
    let head = try #require(try JSONDocument(try kept("a", in: log).json).root["text"]?.string)
    #expect(
      json["text"]?.string
        == head + " [what follows is damaged in the log: see fleetlog doctor]")
    #expect(json["tool"]?.string == "Bash" && json["is_error"]?.bool == true)
  }

  @Test("The note stands at every text that was cut, wherever the cut fell, and at no other")
  func notes() throws {
    for before in 100...140 {
      for piece in ["é", "漢", "😀", #"\""#, #"\u00e9"#, #"\ud83d\ude00"#] {
        let long =
          String(repeating: "a", count: before) + String(repeating: piece, count: 300)
        let json = #"{"short…":"short…","t":["\#(long)",{"u":"\#(long)"}],"n":1}"#
        let noted = Array(cut(json).utf8).withUnsafeBufferPointer {
          String(decoding: TextPacker.noteDamage(in: $0), as: UTF8.self)
        }
        let root = try JSONDocument(noted).root
        #expect(root["short…"]?.string == "short…")
        #expect(root["t"]?.elements.first?.string?.hasSuffix("fleetlog doctor]") == true)
        #expect(root["t"]?.elements.last?["u"]?.string?.hasSuffix("fleetlog doctor]") == true)
        #expect(TextPacker.mayBeDamaged(noted) && !TextPacker.mayBeDamaged(json))
      }
    }
  }

  @Test("A flipped bit anywhere in what is packed is noticed, and costs that event alone")
  func flipped() throws {
    let log = try log()
    try log.append(
      .sample("b", .toolResult) { $0.payload.set("text", Self.long) })
    let id = try #require(try log.event("a")).id
    let packed = try kept("a", in: log).packed
    let connection = log.writer.connection
    var noticed = 0
    for place in stride(from: 0, to: packed.count, by: 5) {
      var bytes = packed
      bytes[place] ^= 1 << UInt8(place % 8)
      try connection.run(
        "UPDATE events SET payload_packed = ? WHERE id = ?", [.blob(bytes), .int(id)])
      let damage = try Damage.find(connection)
      // A few bits say in another way what is so anyhow.
      if damage.isNone {
        #expect(try JSONDocument(log.event("a")?.payload ?? "").root["text"]?.string == Self.long)
        continue
      }
      noticed += 1
      #expect(damage.events == 1 && damage.firstEvents == [id] && damage.eventsOfNoFile == 1)
      #expect(try log.event("a")?.payload?.contains("see fleetlog doctor") == true)
      #expect(try JSONDocument(log.event("b")?.payload ?? "").root["text"]?.string == Self.long)
    }
    #expect(noticed > packed.count / 5 * 9 / 10)
  }

  @Test("What was packed without a checksum is still read")
  func withoutChecksum() throws {
    // `zstd --no-check` made it.
    let text = String(repeating: "as it was before, ", count: 40)
    let read = try Connection(path: ":memory:", access: .readOnly).first(
      """
      SELECT unpacked(NULL, x'28b52ffd60d001cd000090617320697420776173206265666f72652c200100765535c3')
      """
    ) { $0.text(0) }
    #expect(read == text)
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
