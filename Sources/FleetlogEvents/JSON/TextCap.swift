/// How much of one text value an event keeps inline: everything up to `limit` bytes, beyond it
/// head, tail, length and digest. The log keeps the whole line among the event's receipts.
package struct TextCap: Sendable {
  /// Bytes of UTF-8.
  package let limit: Int
  /// Names the text's digest, as `sha256:<hex>`.
  let digest: @Sendable (String) -> String

  package static let defaultLimit = 1 << 20

  package init(limit: Int = TextCap.defaultLimit, digest: @escaping @Sendable (String) -> String) {
    self.limit = limit
    self.digest = digest
  }

  /// The cut form: `{"_cut": {"length", "digest", "head", "tail"}}`, length in bytes.
  package func cut(_ text: String) -> JSONObject {
    form(length: text.utf8.count, digest: digest(text), head: text, tail: text)
  }

  /// The cut form of a text that was cut less before; nil where it is none, or short enough.
  func cut(again value: JSONValue) -> JSONObject? {
    guard let cut = value["_cut"], let head = cut["head"]?.string, let tail = cut["tail"]?.string,
      head.utf8.count + tail.utf8.count > limit
    else { return nil }
    return form(
      length: cut["length"]?.int ?? 0, digest: cut["digest"]?.string ?? "", head: head, tail: tail)
  }

  private func form(length: Int, digest: String, head: String, tail: String) -> JSONObject {
    let half = max(limit / 2, 1)
    var inner = JSONObject()
    inner.set("length", length)
    inner.set("digest", digest)
    inner.set("head", String(decoding: head.utf8.prefix(half), as: UTF8.self))
    inner.set("tail", String(decoding: tail.utf8.suffix(half), as: UTF8.self))
    var object = JSONObject()
    object.set("_cut", inner)
    return object
  }
}
