import CNettle
package import FleetlogEvents

/// Builds idempotency keys: about 24 characters that name a fact by its content.
///
/// A key is a letter for its kind, the minute of the record in base 36 (so that neighbours in
/// time are neighbours in the index) and 96 bits of SHA-256 over the parts that make the fact.
package struct FactKey {
  private var context = sha256_ctx()

  package init() { nettle_sha256_init(&context) }

  /// Adds a part. Parts are framed by their length, so `ab`+`c` is not `a`+`bc`.
  package mutating func add(_ bytes: some Collection<UInt8>) {
    var length = UInt64(bytes.count).littleEndian
    withUnsafeBytes(of: &length) { update($0) }
    if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
      Array(bytes).withUnsafeBytes { update($0) }
    }
  }

  package mutating func add(_ text: String?) {
    guard let text else { return add([0xFF]) }
    add(text.utf8)
  }

  package mutating func add(_ value: JSONValue?) {
    guard let value else { return add([0xFF]) }
    add(value.sourceBytes)
  }

  /// Adds a number as its decimal text.
  package mutating func add(_ number: Int) { add(String(number)) }

  private mutating func update(_ bytes: UnsafeRawBufferPointer) {
    nettle_sha256_update(&context, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
  }

  private mutating func digest() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    nettle_sha256_digest(&context, digest.count, &digest)
    return digest
  }

  /// The finished key.
  ///
  /// - Parameters:
  ///   - prefix: one letter that names the kind of fact.
  ///   - ts: the record's own time in ms; nil where it has none, since a time that was only
  ///     borrowed may differ from copy to copy.
  package consuming func text(prefix: Character, ts: Int64?) -> String {
    var key = self
    let minute = ts.map { String(max(0, $0) / 60_000, radix: 36) } ?? ""
    return "\(prefix)\(minute)." + Base64URL.encode(key.digest().prefix(12))
  }

  /// The first bytes of the digest in hexadecimal, for comparing texts in a parser's state.
  package consuming func fingerprint() -> String {
    var key = self
    return Hex.encode(key.digest().prefix(8))
  }

  /// The whole SHA-256 of bytes in hexadecimal.
  static func sha256(_ bytes: [UInt8]) -> String {
    var key = FactKey()
    bytes.withUnsafeBytes { key.update($0) }
    return Hex.encode(key.digest())
  }

  /// The whole SHA-256 of a text in hexadecimal.
  package static func sha256(_ text: String) -> String {
    var key = FactKey()
    var text = text
    text.withUTF8 { key.update(UnsafeRawBufferPointer($0)) }
    return Hex.encode(key.digest())
  }
}

extension TextCap {
  /// A cap that names cut text by its SHA-256.
  package static func sha256(limit: Int = TextCap.defaultLimit) -> TextCap {
    TextCap(limit: limit) { "sha256:" + FactKey.sha256($0) }
  }
}

private enum Base64URL {
  static func encode(_ bytes: some Collection<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var output: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        output.append(alphabet[Int(bits >> UInt32(count)) & 63])
      }
    }
    if count > 0 { output.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
    return String(decoding: output, as: UTF8.self)
  }
}

private enum Hex {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
