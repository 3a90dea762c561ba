import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogWeb

/// A log with sessions to export.
struct ExportSample {
  static let session = "s1"
  let log: TemporaryLog

  init(_ drafts: [EventDraft]) throws {
    log = try TemporaryLog()
    try log.append(drafts)
  }

  /// The pieces of a session's document.
  func pieces(
    _ format: ExportFormat = .html, redaction: Redaction = Redaction()
  ) throws -> [[UInt8]] {
    let order = try ExportOrder(
      log: log.reader().revealed, kit: .ofThisPackage(), now: TemporaryLog.recordedAt,
      redaction: redaction)
    var document = try #require(try order.session(Self.session, as: format)).document
    var pieces: [[UInt8]] = []
    while let piece = try document.next() { pieces.append(piece) }
    return pieces
  }

  func text(_ format: ExportFormat = .html, redaction: Redaction = Redaction()) throws -> String {
    String(decoding: try pieces(format, redaction: redaction).joined(), as: UTF8.self)
  }

  static func call(_ id: String, ts: Int64, run: RunIdentity? = nil) -> EventDraft {
    .sample("call \(id)", .toolCall, ts: ts, summary: "make \(id)") { draft in
      if let run { draft.run = run }
      draft.payload.set("tool_use_id", id)
    }
  }

  static func result(
    _ id: String, ts: Int64, _ content: String, run: RunIdentity? = nil
  ) -> EventDraft {
    .sample("result \(id)", .toolResult, ts: ts, summary: "make \(id): done") { draft in
      if let run { draft.run = run }
      draft.payload.set("tool_use_id", id)
      draft.payload.set("content", content)
    }
  }

  static func said(_ text: String, ts: Int64, run: RunIdentity? = nil) -> EventDraft {
    .sample("said \(ts)", .messageAssistant, ts: ts, summary: text.oneLine) { draft in
      if let run { draft.run = run }
      draft.payload.set("text", text)
    }
  }

  /// A sub-agent of the session, begun at a moment.
  static func agent(
    _ name: String, ts: Int64, parent: String = "run:s1"
  ) -> (run: RunIdentity, start: EventDraft) {
    let run = RunIdentity(
      key: "run:\(name)", instanceID: name, role: "subagent", sessionID: session)
    let start = EventDraft.sample("run:\(name)", .processStarted, ts: ts, summary: name) { draft in
      draft.run = run
      draft.parentRunKey = parent
    }
    return (run, start)
  }
}

extension String {
  /// Where texts begin, each of which is there.
  func places(of texts: [String]) throws -> [String.Index] {
    try texts.map { try #require(firstRange(of: $0), "\($0) is missing").lowerBound }
  }
}
