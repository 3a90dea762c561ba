import CNettle

/// Style and script of a document that stands alone, and the policy that lets these two in and
/// nothing else.
struct FileFrame: Sendable {
  /// Both in their elements.
  let style: SafeHTML
  let script: SafeHTML
  /// What the document says of itself: nothing is loaded, sent or run but what stands in it.
  let policy: String

  init(_ assets: Assets) {
    let style = assets.content(of: .style)
    let script = assets.content(of: .exportScript)
    var writer = HTMLWriter()
    writer.append("<style>")
    writer.append(file: style)
    writer.append("</style>")
    self.style = writer.finish()
    writer = HTMLWriter()
    writer.append("<script>")
    writer.append(file: script)
    writer.append("</script>")
    self.script = writer.finish()
    policy =
      "default-src 'none'; style-src 'sha256-\(Self.hash(style.bytes))'; script-src "
      + "'sha256-\(Self.hash(script.bytes))'; img-src data:; base-uri 'none'; form-action 'none'"
  }

  /// SHA-256 in base 64, as a policy names what it lets in.
  private static func hash(_ bytes: [UInt8]) -> String {
    var context = sha256_ctx()
    nettle_sha256_init(&context)
    nettle_sha256_update(&context, bytes.count, bytes)
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    nettle_sha256_digest(&context, digest.count, &digest)
    return base64(digest)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for place in 0...group.count { text.append(alphabet[word >> (18 - 6 * place) & 63]) }
      text += String(repeating: "=", count: 3 - group.count)
    }
    return text
  }
}
