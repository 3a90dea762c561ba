import CNettle

/// What stands for a name that is to be known again without being kept.
enum KeyDigest {
  /// Bytes: enough that two names of any log don't meet.
  private static let length = 16

  static func of(key: String) -> [UInt8] { digest("key:" + key) }

  static func of(session: String) -> [UInt8] { digest("session:" + session) }

  private static func digest(_ text: String) -> [UInt8] {
    var context = sha256_ctx()
    nettle_sha256_init(&context)
    var text = text
    text.withUTF8 { nettle_sha256_update(&context, $0.count, $0.baseAddress) }
    var bytes = [UInt8](repeating: 0, count: length)
    nettle_sha256_digest(&context, length, &bytes)
    return bytes
  }
}
