import FleetlogEvents
import FleetlogStore

/// A session for scripts: one JSON document, or a line for the session and one for each event.
struct SessionData: ExportParts {
  private static let stretch = 500

  private let log: EventLog
  private let rules: any SynthesisRules
  private let asLines: Bool
  private let detail: SessionDetail
  private var redaction: Redaction
  private var filter = EventFilter()
  private var isRead = false
  private var isFirst = true

  init(_ detail: SessionDetail, _ order: ExportOrder, asLines: Bool) {
    log = order.log
    rules = order.kit.rules
    self.asLines = asLines
    redaction = order.redaction
    self.detail = redaction.detail(detail)
    filter.sessions = [detail.session.id]
    filter.sort = .oldest
  }

  mutating func head() throws -> [UInt8] {
    var object = JSONTwin.head(of: detail)
    let metrics = try log.metrics(of: detail.session, runs: detail.runs, by: rules)
    object.set("metrics", json: metrics.map { redaction.json(JSONTwin.metrics($0).text) } ?? "null")
    guard !asLines else { return object.bytes + [0x0A] }
    var query = GraphQuery()
    query.session = detail.session.id
    object.set("graph", JSONTwin.graph(redaction.graph(try log.graph(query))))
    // The list goes on in the pieces that follow.
    return object.bytes.dropLast() + Array(",\"events\":[".utf8)
  }

  mutating func piece() throws -> [UInt8]? {
    if isRead { return nil }
    let (rows, next) = try log.series(filter, limit: Self.stretch)
    filter.after = next
    isRead = next == nil
    return events(rows.map(\.event))
  }

  private mutating func events(_ events: [StoredEvent]) -> [UInt8] {
    var bytes: [UInt8] = []
    for event in events {
      if !asLines, !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      bytes += JSONTwin.event(redaction.event(event)).bytes
      bytes.append(0x0A)
    }
    return bytes
  }

  func end() -> [UInt8] {
    var object = JSONObject()
    object.set(
      "redacted",
      redaction.list.map { entry in
        var object = JSONObject()
        object.set("kind", entry.kind)
        object.set("count", entry.count)
        return object
      })
    return (asLines ? object.bytes : Array("],".utf8) + object.bytes.dropFirst()) + [0x0A]
  }
}
