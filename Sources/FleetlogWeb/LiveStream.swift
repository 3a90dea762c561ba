import FleetlogEvents
import FleetlogStore

/// `/live`: the events that a filter finds, as they are recorded, in the order of their ids.
///
/// Where it begins: behind the header `Last-Event-ID`, else behind the parameter `last_event_id`,
/// else at the end of the log. A browser that reconnects sends the header by itself.
final class LiveStream: Sendable {
  static let path = "live"
  static let heartbeat = Array(": heartbeat\n\n".utf8)

  /// What a client asked to be sent.
  struct Order: Sendable {
    /// What of the import's progress goes out: an addition for the dashboard's own script.
    enum Progress: String, Sendable {
      case none = "0"
      /// Frames `event: progress` between the events.
      case included = "1"
      case only
    }

    var filter = EventFilter()
    var lastEventID: Int64?
    var progress = Progress.none

    init(_ request: HTTPRequest, now: Int64) throws(EventFilter.ParameterError) {
      var rest: [(name: String, value: String)] = []
      for item in request.query {
        let value = item.value ?? ""
        switch item.name {
        case "last_event_id": lastEventID = try Self.id(value, item.name)
        case "progress":
          guard value.isEmpty || Progress(rawValue: value) != nil else {
            throw EventFilter.ParameterError(
              parameter: item.name, value: value, takes: "1, 0 or only")
          }
          progress = Progress(rawValue: value) ?? .none
        default: rest.append((item.name, value))
        }
      }
      if let header = request.headers["Last-Event-ID"], !header.isEmpty {
        lastEventID = try Self.id(header, "Last-Event-ID")
      }
      filter = try EventFilter(parameters: rest, now: now)
    }

    private static func id(
      _ text: String, _ name: String
    ) throws(EventFilter.ParameterError) -> Int64? {
      if text.isEmpty { return nil }
      guard let id = Int64(text), id >= 0 else {
        throw EventFilter.ParameterError(
          parameter: name, value: text, takes: "the id of the last event that was received")
      }
      return id
    }
  }

  private struct Place: Sendable {
    var hasOpened = false
    /// nil until the end of the log has been looked up.
    var cursor: Int64?
    /// None yet, so that every stream begins with what is so.
    var progressVersion = -1
  }

  private static let rowsPerTurn = 200

  private let order: Order
  private let log: EventLog
  private let hub: LiveHub
  private let place: Monitor<Place>

  private init(_ order: Order, log: EventLog, hub: LiveHub) {
    self.order = order
    self.log = log
    self.hub = hub
    place = Monitor(Place(cursor: order.lastEventID))
  }

  static func open(_ order: Order, log: EventLog, hub: LiveHub) -> HTTPStream {
    let live = LiveStream(order, log: log, hub: hub)
    let stream = HTTPStream(contentType: "text/event-stream") { live.next() }
    hub.attend(to: stream)
    return stream
  }

  private func next() -> HTTPStream.Piece {
    place.withLock { place in
      do throws(StoreError) {
        return try next(&place)
      } catch {
        // The client comes back by itself and asks for what it has not had.
        return .end
      }
    }
  }

  private func next(_ place: inout Place) throws(StoreError) -> HTTPStream.Piece {
    let cursor: Int64
    if let known = place.cursor { cursor = known } else { cursor = try log.lastEventID() }
    place.cursor = cursor
    var bytes = progress(&place)
    if !place.hasOpened {
      place.hasOpened = true
      // Whoever reads this knows that nothing recorded from here on is missed.
      return .bytes(Array("retry: 1000\n: live\n\n".utf8) + bytes)
    }
    guard order.progress != .only else { return bytes.isEmpty ? .pause : .bytes(bytes) }
    let stretch = try log.events(after: cursor, filter: order.filter, limit: Self.rowsPerTurn)
    place.cursor = stretch.readTo
    for row in stretch.rows {
      bytes += "id: \(row.event.id)\n".utf8
      bytes += Self.frame("event", JSONTwin.row(row).bytes)
    }
    if !bytes.isEmpty { return .bytes(bytes) }
    return stretch.hasMore ? .again : .pause
  }

  private func progress(_ place: inout Place) -> [UInt8] {
    guard order.progress != .none else { return [] }
    let (progress, version) = hub.versionedProgress
    guard version != place.progressVersion else { return [] }
    place.progressVersion = version
    return Self.frame(
      "progress", progress.map { JSONTwin.progress($0).bytes } ?? Array("null".utf8))
  }

  /// Within JSON a line break is blank space at most; in a frame it would begin another field.
  private static func frame(_ name: String, _ json: [UInt8]) -> [UInt8] {
    let line = json.map { $0 == 0x0A || $0 == 0x0D ? UInt8(ascii: " ") : $0 }
    return Array("event: \(name)\ndata: ".utf8) + line + Array("\n\n".utf8)
  }
}
