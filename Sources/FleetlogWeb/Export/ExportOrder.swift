package import FleetlogEvents
package import FleetlogStore

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
      case .md: SessionDocument(try SessionMarkdown(detail, self))
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
