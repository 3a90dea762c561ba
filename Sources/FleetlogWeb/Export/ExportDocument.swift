package import FleetlogEvents
package import FleetlogStore

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
  var response: HTTPResponse {
    let document = Monitor(self.document)
    let stream = HTTPStream(contentType: contentType) {
      document.withLock { document in
        do {
          return try document.next().map(HTTPStream.Piece.bytes) ?? .end
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

/// The forms in which a session leaves the log.
package enum ExportFormat: String, Sendable, CaseIterable {
  case html, json, ndjson, md

  var contentType: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    case .json: "application/json"
    case .ndjson: "application/x-ndjson"
    case .md: "text/markdown; charset=utf-8"
    }
  }
}

/// What an export is made from.
package struct ExportOrder: Sendable {
  let log: EventLog
  let kit: PageKit
  /// ms since the Unix epoch.
  let now: Int64
  /// Takes the secrets out, or leaves them in.
  let redaction: Redaction

  package init(log: EventLog, kit: PageKit, now: Int64, redaction: Redaction) {
    self.log = log
    self.kit = kit
    self.now = now
    self.redaction = redaction
  }

  /// `/export/sessions/ID.html`, and the same with the names of the other formats.
  static let session: @Sendable (PageRequest, EventLog) throws -> Export = { request, log in
    try request.allowOnly()
    let formats = ExportFormat.allCases.map(\.rawValue)
    guard let dot = request.id.lastIndex(of: "."),
      let format = ExportFormat(rawValue: String(request.id[request.id.index(after: dot)...]))
    else {
      throw NotFound(
        message: "A session is exported as ID." + formats.joined(separator: ", ID.") + ".")
    }
    // The document takes the secrets out itself, and lists what it took.
    let order = ExportOrder(
      log: try log.revealed, kit: request.kit, now: request.now, redaction: Redaction())
    let id = String(request.id[..<dot])
    guard let export = try order.session(id, as: format) else {
      throw NotFound(
        message: "The log has no session \(id.prefix(80)): look for it among the sessions.")
    }
    return export
  }

  /// A session as a document; nil where the log has none of this id.
  package func session(_ id: String, as format: ExportFormat) throws -> Export? {
    guard let detail = try log.session(id) else { return nil }
    let frame = FileFrame(kit.assets)
    let document: any ExportDocument =
      switch format {
      case .html: SessionDocument(SessionFile(detail, frame, self))
      case .md: SessionDocument(SessionMarkdown(detail, self))
      case .json: SessionDocument(SessionData(detail, self, asLines: false))
      case .ndjson: SessionDocument(SessionData(detail, self, asLines: true))
      }
    return Export(
      contentType: format.contentType, fileName: Self.fileName(id) + "." + format.rawValue,
      policy: format == .html ? frame.policy + "; frame-ancestors 'none'" : nil, document: document)
  }

  /// An id comes from a transcript, and file systems take less than that may hold.
  private static func fileName(_ id: String) -> String {
    let safe = id.unicodeScalars.prefix(64).map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        ? Character(scalar) : "-"
    }
    return "session-" + String(safe)
  }
}
