import FleetlogEvents

@testable import FleetlogWeb

extension Assets {
  /// The dashboard's files of this package.
  static func ofThisPackage() throws -> Assets {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return try Assets(root: "/" + root)
  }
}

extension Templates {
  static func ofThisPackage() throws -> Templates {
    let assets = try Assets.ofThisPackage()
    return try Templates(load: assets.template)
  }
}

extension StoredEvent {
  /// An event with one text in every field that holds text.
  static func sample(
    _ type: EventType = .progress, id: Int64 = 7, ts: Int64 = 1_767_323_045_678, run: Int64 = 1,
    instance: String? = nil, session: String? = nil, text: String = "text", payload: String? = nil,
    attention: Bool = false, severity: Int? = 4, dedupeKey: String? = nil,
    provenance: String? = nil, artifacts: String? = nil
  ) -> StoredEvent {
    var reference = JSONObject()
    for key in ["kind", "title", "ref", "source"] { reference.set(key, text) }
    reference.set("url", "https://example.org/" + text)
    return StoredEvent(
      id: id, ts: ts, recordedAt: ts, runID: run, parentRunID: 3, instanceID: instance ?? text,
      role: text, sourceKind: text, sourceRef: text, sinkKind: text, sinkRef: text, type: type,
      schemaVersion: 1, attentionCandidate: attention, operatorActionRequired: true,
      riskDetected: true, severity: severity, confidence: 0.85, summary: text, payload: payload,
      artifactRefs: artifacts ?? JSONObject.array(of: [reference]),
      tags: JSONObject.array(of: [text]),
      sessionID: session ?? text, relatedEventID: 5, dedupeKey: dedupeKey ?? text,
      idempotencyKey: text, expiresAt: ts, provenance: provenance ?? text, sourceFileID: 1,
      span: SourceSpan(offset: 10, length: 20))
  }
}

extension SafeHTML {
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The tags of some HTML in order, each with the names of its attributes: what a browser builds
/// from it, without the text.
func structure(of html: String) -> [String] {
  var tags: [String] = []
  var rest = html[...]
  while let open = rest.firstIndex(of: "<") {
    rest = rest[open...]
    var tag = ""
    var quote: Character?
    var end = rest.endIndex
    for index in rest.indices {
      let character = rest[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else {
        tag.append(character)
        if character == ">" {
          end = rest.index(after: index)
          break
        }
      }
    }
    tags.append(tag)
    rest = rest[end...]
  }
  return tags
}
