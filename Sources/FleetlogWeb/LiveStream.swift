import FleetlogEvents
import FleetlogStore
import FleetlogThreads

/// `/live`: the events that a filter finds, as they are recorded, in the order of their ids.
///
/// Where it begins: behind the header `Last-Event-ID`, else behind the parameter `last_event_id`,
/// else at the end of the log. A browser that reconnects sends the header by itself.
final class LiveStream: Sendable {
  static let path = "live"
  static let heartbeat = Array(": heartbeat\n\n".utf8)

  /// What a client asked to be sent.
  struct Order: Sendable {
    var filter = EventFilter()
    var lastEventID: Int64?
    /// Instead of events: how far the log is, what needs the operator, and the import, each at once
    /// and as it changes. An addition for the dashboard's own script.
    var isPulse = false

    init(_ request: HTTPRequest, now: Int64) throws(EventFilter.ParameterError) {
      var rest: [(name: String, value: String)] = []
      for item in request.query {
        let value = item.value ?? ""
        switch item.name {
        case "last_event_id": lastEventID = try Self.id(value, item.name)
        case "pulse":
          guard ["", "0", "1"].contains(value) else {
            throw EventFilter.ParameterError(
              parameter: item.name, value: value, takes: "1 or 0")
          }
          isPulse = value == "1"
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
    /// The last event that was looked at; nil until the end of the log has been looked up.
    var cursor: Int64?
    // None yet, so that every pulse begins with what is so.
    var progressVersion = -1
    var attentionVersion = 0
    var searchable: Int64 = -1
  }

  private let order: Order
  private let follower: LiveStretches.Follower
  private let log: EventLog
  private let hub: LiveHub
  private let place: Monitor<Place>

  private init(_ order: Order, log: EventLog, hub: LiveHub) {
    self.order = order
    follower = hub.stretches.follower(of: order.filter)
    self.log = log
    self.hub = hub
    place = Monitor(Place(cursor: order.lastEventID))
  }

  static func open(_ order: Order, log: EventLog, hub: LiveHub) -> HTTPStream {
    let live = LiveStream(order, log: log, hub: hub)
    let stream = HTTPStream(contentType: "text/event-stream") { live.next() }
    hub.attend(to: stream, isPulse: order.isPulse)
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
    guard place.hasOpened else {
      place.hasOpened = true
      if !order.isPulse {
        let last = try log.lastEventID()
        place.cursor = min(place.cursor ?? last, last)
      }
      // Whoever reads this knows that nothing recorded from here on is missed.
      return .bytes(Array("retry: 1000\n: live\n\n".utf8))
    }
    if order.isPulse {
      let bytes = try pulse(&place)
      return bytes.isEmpty ? .pause : .bytes(bytes)
    }
    let stretch = try hub.stretches.next(follower, after: place.cursor ?? 0)
    place.cursor = stretch.readTo
    if !stretch.bytes.isEmpty { return .bytes(stretch.bytes) }
    return stretch.hasMore ? .again : .pause
  }

  /// What has changed since the last turn.
  private func pulse(_ place: inout Place) throws(StoreError) -> [UInt8] {
    var bytes: [UInt8] = []
    let (progress, version) = hub.versionedProgress
    if version != place.progressVersion {
      place.progressVersion = version
      bytes += Self.frame(
        "progress", progress.map { JSONTwin.progress($0).bytes } ?? Array("null".utf8))
    }
    let (events, searchable) = (try log.lastEventID(), try log.lastEventID(isSearch: true))
    if (events, searchable) != (place.cursor, place.searchable) {
      (place.cursor, place.searchable) = (events, searchable)
      var object = JSONObject()
      object.set("events", events)
      object.set("searchable", searchable)
      bytes += Self.frame("revision", object.bytes)
    }
    let (attention, attentionVersion) = hub.versionedAttention
    if let attention, attentionVersion != place.attentionVersion {
      place.attentionVersion = attentionVersion
      bytes += Self.frame("attention", attention.json.bytes)
    }
    return bytes
  }

  /// Within JSON a line break is blank space at most; in a frame it would begin another field.
  static func frame(_ name: String, _ json: [UInt8]) -> [UInt8] {
    let line = json.map { $0 == 0x0A || $0 == 0x0D ? UInt8(ascii: " ") : $0 }
    return Array("event: \(name)\ndata: ".utf8) + line + Array("\n\n".utf8)
  }
}
