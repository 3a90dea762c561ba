import FleetlogTestSupport

/// A client of server-sent events, which takes frames apart as a browser would.
final class EventClient {
  struct Frame: Equatable {
    var id: Int64?
    var event: String?
    var data: String?
    var comment: String?
  }

  let response: RawResponse
  private let client: RawClient
  private var text = ""

  init(port: Int, _ target: String, _ headers: String...) throws {
    client = try RawClient(port: port)
    try client.send(.get(target, headers))
    response = try client.receive()
  }

  /// The next frame of any kind; nil when the server has ended the stream.
  func next() throws -> Frame? {
    while true {
      if let end = text.firstRange(of: "\n\n") {
        let lines = text[..<end.lowerBound].split(separator: "\n")
        text.removeSubrange(..<end.upperBound)
        return Self.frame(lines)
      }
      guard let chunk = try client.receiveChunk() else { return nil }
      text += String(decoding: chunk, as: UTF8.self)
    }
  }

  /// Waits for the server's word that nothing is missed from here on.
  func opened() throws -> EventClient {
    while let frame = try next(), frame.comment != "live" {}
    return self
  }

  /// The next frames that hold events, past comments and progress.
  func events(_ count: Int) throws -> [Frame] {
    var frames: [Frame] = []
    while frames.count < count, let frame = try next() {
      if frame.event == "event" { frames.append(frame) }
    }
    return frames
  }

  func ids(_ count: Int) throws -> [Int64] { try events(count).compactMap(\.id) }

  private static func frame(_ lines: [Substring]) -> Frame {
    var frame = Frame()
    for line in lines {
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let value = line[colon...].dropFirst().drop { $0 == " " }
      switch line[..<colon] {
      case "id": frame.id = Int64(value)
      case "event": frame.event = String(value)
      case "data": frame.data = frame.data.map { $0 + "\n" + value } ?? String(value)
      case "": frame.comment = String(value)
      default: break
      }
    }
    return frame
  }
}
