/// Something outside the log that an event points to.
package struct ArtifactReference: Sendable, Equatable {
  package static let kinds = [
    "github_pr", "github_issue", "commit", "branch", "file_path", "diff", "log_url", "screenshot",
    "url", "doc", "deploy_id", "session_id",
  ]
  package static let sources = ["worker", "tool_output", "external", "inferred"]

  package var kind: String
  package var url: String?
  package var title: String?
  package var ref: String?
  package var source: String
  /// As given: ISO-8601 text or milliseconds.
  package var createdAt: String?

  package init(
    kind: String, url: String? = nil, title: String? = nil, ref: String? = nil,
    source: String, createdAt: String? = nil
  ) {
    self.kind = kind
    self.url = url
    self.title = title
    self.ref = ref
    self.source = source
    self.createdAt = createdAt
  }

  /// A reference as the log holds it.
  package init?(stored value: JSONValue) {
    guard let kind = value["kind"]?.string else { return nil }
    self.init(
      kind: kind, url: value["url"]?.string, title: value["title"]?.string,
      ref: value["ref"]?.string, source: value["source"]?.string ?? "worker",
      createdAt: value["created_at"]?.string)
  }

  /// The references of an event's `artifact_refs`.
  package static func list(_ json: String?) -> [ArtifactReference] {
    guard let json, let root = try? JSONDocument(json).root else { return [] }
    return root.elements.compactMap { ArtifactReference(stored: $0) }
  }

  /// The URL where it may become a link: http and https only.
  package var webURL: String? {
    guard let url else { return nil }
    let lower = url.lowercased()
    return lower.hasPrefix("https://") || lower.hasPrefix("http://") ? url : nil
  }

  package var json: JSONObject {
    var object = JSONObject()
    object.set("kind", kind)
    object.set("url", url)
    object.set("title", title)
    object.set("ref", ref)
    object.set("source", source)
    object.set("created_at", createdAt)
    return object
  }
}
