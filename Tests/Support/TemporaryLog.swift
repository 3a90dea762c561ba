import FleetlogDerive
package import FleetlogEvents
package import FleetlogStore
import Foundation

/// A log in a folder of its own, which vanishes with the value.
package final class TemporaryLog {
  private let folder: URL
  package let writer: EventWriter
  /// `recorded_at` of whatever is appended, in ms.
  package static let recordedAt: Int64 = 1_800_000_000_000

  package init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("fleetlog-log-\(UUID().uuidString)").resolvingSymlinksInPath()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    writer = try EventWriter(
      path: folder.appendingPathComponent("log.db").path, tasks: TaskReducer.projection,
      project: SessionReducer.apply)
    try index()
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The database file.
  package var path: String { path("log.db") }

  package func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @discardableResult
  package func append(_ drafts: [EventDraft]) throws -> Appended {
    try commit(EventBatch(drafts: drafts))
  }

  @discardableResult
  package func append(_ drafts: EventDraft...) throws -> Appended { try append(drafts) }

  @discardableResult
  package func commit(_ batch: EventBatch) throws -> Appended {
    try writer.commit(batch, now: Self.recordedAt)
  }

  /// The log as a reader sees it, its full text up to date.
  package func reader(deadline: UInt64 = 60_000) throws -> EventLog {
    try index()
    return try EventLog(path: path, deadline: deadline)
  }

  /// Brings the full-text index up to date.
  package func index() throws {
    let index = try SearchIndex(database: path)
    while try index.advance() > 0 {}
  }

  /// Every event in the order of recording.
  package func events() throws -> [StoredEvent] {
    let reader = try EventLog(path: path, deadline: 60_000)
    var filter = EventFilter()
    filter.sort = .oldest
    filter.limit = EventFilter.limits.upperBound
    var events: [StoredEvent] = []
    repeat {
      let page = try reader.events(filter)
      events += page.rows.map(\.event)
      filter.after = page.next
    } while filter.after != nil
    return events.sorted { $0.id < $1.id }
  }

  /// The event with an idempotency key.
  package func event(_ key: String) throws -> StoredEvent? {
    try events().first { $0.idempotencyKey == key }
  }

  /// The links of the log as sentences of keys: `a supersedes b`.
  package func links() throws -> Set<String> {
    let reader = try EventLog(path: path, deadline: 60_000)
    var links: Set<String> = []
    for event in try events() {
      for link in try reader.event(event.id)?.links ?? [] where link.direction == .outgoing {
        let ends = [event, link.other].map { $0.idempotencyKey ?? "#\($0.id)" }
        links.insert("\(ends[0]) \(link.relation.rawValue) \(ends[1])")
      }
    }
    return links
  }

  /// Registers a transcript.
  package func addSource(_ path: String = "/transcripts/a.jsonl") throws -> SourceRecord {
    try writer.sources.add(
      SourceFile(path: path, device: 1, inode: 1, size: 0, modifiedAt: 0), state: .reading,
      format: "claude", parserVersion: 1)
  }

  package func session(_ id: String) throws -> SessionSummary? {
    try EventLog(path: path, deadline: 60_000).session(id)?.session
  }
}

extension SourceUpdate {
  /// Says that a transcript has been read up to an offset.
  package static func read(
    _ source: SourceRecord, to offset: Int64, lines: Int = 1, isHolding: Bool = false
  ) -> SourceUpdate {
    SourceUpdate(
      fileID: source.id, device: source.device, inode: source.inode, cursor: "at \(offset)",
      offset: offset, size: offset, modifiedAt: offset, lines: lines, parserState: "{}",
      isHolding: isHolding)
  }
}

extension RunIdentity {
  /// The run of a session in tests.
  package static func sample(_ session: String?, key: String? = nil) -> RunIdentity {
    RunIdentity(
      key: key ?? "run:\(session ?? "none")", instanceID: "worker-\(session ?? "none")",
      role: "worker", sessionID: session)
  }
}

extension EventDraft {
  /// A draft that says nothing in particular, changed to what a test is about.
  ///
  /// - Parameter ts: ms since the Unix epoch.
  package static func sample(
    _ key: String? = nil, _ type: EventType = .progress, ts: Int64 = 1000,
    session: String? = "s1", summary: String = "something happened",
    _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    var draft = EventDraft(
      type, ts: ts, run: .sample(session), sourceKind: .worker, summary: summary)
    draft.idempotencyKey = key
    change(&draft)
    return draft
  }

  /// The `process.started` of a session's run.
  package static func started(
    _ session: String, ts: Int64 = 0, parent: String? = nil,
    _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    sample("run:\(session)", .processStarted, ts: ts, session: session) { draft in
      draft.parentRunKey = parent.map { "run:\($0)" }
      change(&draft)
    }
  }
}

extension JSONObject {
  /// A payload of strings.
  package init(_ fields: KeyValuePairs<String, String>) {
    self.init()
    for (key, value) in fields { set(key, value) }
  }
}
