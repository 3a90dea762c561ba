import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("Secrets in what is read of the log")
struct MaskingTests {
  private static let secret = "ghp_" + String(repeating: "aB3", count: 12)
  private static let mask = "[redacted: GitHub token, 40 bytes]"

  private static func draft(_ key: String, _ change: (inout EventDraft) -> Void) -> EventDraft {
    .sample(key, .messageAssistant, summary: "push with \(secret) now", change)
  }

  private func log() throws -> TemporaryLog {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"),
      Self.draft("a") { draft in
        draft.payload.set("text", "first\n\(Self.secret)\nand the word marmalade")
        draft.payload.set("DEPLOY_TOKEN", "0123456789abcdef")
        draft.tags = [Self.secret]
      })
    return log
  }

  @Test("they are masked in lists, in one event and in its JSON, which stays JSON")
  func events() throws {
    let log = try log()
    let reader = try log.reader()
    let row = try #require(
      try reader.events(EventFilter()).rows.first { $0.event.summary.contains("push") })
    #expect(row.event.summary == "push with \(Self.mask) now")
    let payload = try JSONDocument(row.event.payload ?? "").root
    #expect(payload["text"]?.string == "first\n\(Self.mask)\nand the word marmalade")
    #expect(payload["DEPLOY_TOKEN"]?.string == "[redacted: secret by its name, 16 bytes]")
    #expect(row.event.tags?.contains(Self.secret) == false)
    let detail = try #require(try reader.event(row.event.id))
    #expect(!"\(detail)".contains(Self.secret))
    let session = try #require(try reader.session("s1"))
    #expect(!"\(session)".contains(Self.secret))
  }

  @Test("no excerpt of a search shows one, whatever is searched for")
  func excerpts() throws {
    let log = try log()
    for text in ["marmalade", Self.secret, "push", "ghp*"] {
      var filter = EventFilter()
      filter.text = text
      for row in try log.reader().events(filter).rows {
        #expect(!"\(row)".contains("aB3aB3"), "\(text)")
      }
    }
  }

  @Test("who reveals sees them, and the log holds them as they were")
  func revealed() throws {
    let log = try log()
    let rows = try log.reader().revealed.events(EventFilter()).rows
    #expect(rows.contains { $0.event.summary == "push with \(Self.secret) now" })
  }

  @Test("where a receipt is cut, a secret that the cut splits does not show")
  func cutReceipt() throws {
    let log = try TemporaryLog()
    let limit = EventLog.receiptLimit
    let source = try log.addSource()
    for (number, distance) in [1, 10, 39, 41].enumerated() {
      let line = Array(
        (String(repeating: "x ", count: limit).prefix(limit - distance - 1) + " " + Self.secret
          + String(repeating: " y", count: 20_000)).utf8)
      let offset = Int64(number * 1_000_000)
      var batch = EventBatch(drafts: [
        .sample("line \(number)") {
          $0.span = SourceSpan(offset: offset, length: Int64(line.count))
        }
      ])
      batch.lines = [EventBatch.Line(offset: offset, bytes: line)]
      batch.source = .read(source, to: offset + Int64(line.count))
      try log.commit(batch)
      let event = try #require(try log.event("line \(number)"))
      let receipt = try #require(try log.reader().event(event.id)?.receipt)
      let shown = String(decoding: receipt.bytes, as: UTF8.self)
      #expect(receipt.isCut && !shown.contains("gh") && !shown.contains("aB3"), "\(distance)")
    }
  }

  @Test("a summary that the course of a session cuts is masked before")
  func course() throws {
    let log = try TemporaryLog()
    let lead = String(repeating: "word ", count: 31)
    try log.append(.started("s1"), .sample("a", .messageAssistant, summary: lead + Self.secret))
    let reader = try log.reader()
    let session = try #require(try reader.session("s1")).session
    let steps = try reader.course(of: session).steps
    #expect(!steps.contains { $0.summary.contains("ghp_") || $0.summary.contains("aB3") })
  }
}
