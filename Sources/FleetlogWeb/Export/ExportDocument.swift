import FleetlogStore
import FleetlogThreads

/// A document that is made piece by piece: no more of it than a piece is ever in memory.
package protocol ExportDocument: Sendable {
  /// The next bytes, empty where there are none just now; nil at the end.
  mutating func next() throws -> [UInt8]?
}

/// What the documents of a session consist of.
protocol ExportParts: Sendable {
  mutating func head() throws -> [UInt8]

  /// The next piece of the events, empty where there is none just now; nil after the last.
  mutating func piece() throws -> [UInt8]?

  mutating func end() throws -> [UInt8]
}

/// Makes the parts one after the other.
struct SessionDocument<Parts: ExportParts>: ExportDocument {
  private enum Place { case head, events, end, done }

  private var parts: Parts
  private var place = Place.head

  init(_ parts: Parts) { self.parts = parts }

  mutating func next() throws -> [UInt8]? {
    switch place {
    case .head:
      place = .events
      return try parts.head()
    case .events:
      if let piece = try parts.piece() { return piece }
      place = .end
      return []
    case .end:
      place = .done
      return try parts.end()
    case .done: return nil
    }
  }
}

/// A document with what a client is told of it first.
package struct Export: Sendable {
  let contentType: String
  /// Where a browser saves it.
  let fileName: String
  /// The content security policy that its own style and script need; nil for what runs nothing.
  var policy: String?
  package let document: any ExportDocument

  /// The answer to a request: a piece is made when the one before has gone out.
  func response(at place: ExportPlaces.Place) -> HTTPResponse {
    let document = Monitor((place: place, parts: self.document))
    let stream = HTTPStream(contentType: contentType) {
      document.withLock { document in
        do {
          return try document.parts.next().map(HTTPStream.Piece.bytes) ?? .end
        } catch {
          return .broken
        }
      }
    }
    var headers: HTTPHeaders = [
      "Content-Disposition": "inline; filename=\"\(fileName)\""
    ]
    if let policy { headers["Content-Security-Policy"] = policy }
    return HTTPResponse(streaming: stream, headers: headers)
  }
}
