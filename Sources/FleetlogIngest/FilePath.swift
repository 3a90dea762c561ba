/// A path as the kernel has it: bytes, which need not be text.
///
/// ``bytes`` open the file; ``text`` shows it and can be stored, since ``init(text:)`` gives the
/// same bytes back.
package struct FilePath: Sendable, CustomStringConvertible {
  /// Without the closing NUL.
  package let bytes: [UInt8]

  /// Takes the bytes up to a NUL, which no path can hold.
  package init(bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes.prefix { $0 != 0 })
  }

  /// A path that a person wrote, such as an argument.
  package init(_ path: String) { self.init(bytes: path.utf8) }

  /// A path that ``text`` wrote.
  package init(text: String) { self.init(bytes: Escape.undone(Array(text.utf8))) }

  /// The path for people and for the database. Bytes that are not UTF-8 and control characters
  /// stand as `\xNN`, so that two paths never look alike and a name can't steer a terminal.
  package var text: String { Escape.applied(to: bytes) }

  package var description: String { text }

  /// The bytes after the last slash.
  package var name: ArraySlice<UInt8> {
    guard let slash = bytes.lastIndex(of: Self.slash) else { return bytes[...] }
    return bytes[(slash + 1)...]
  }

  /// The folder above; nil for `/` and for a path without a slash.
  package var parent: FilePath? {
    guard let slash = bytes.lastIndex(of: Self.slash), bytes.count > 1 else { return nil }
    return FilePath(bytes: bytes[..<max(slash, 1)])
  }

  package func appending(_ name: some Collection<UInt8>) -> FilePath {
    var joined = bytes
    joined.reserveCapacity(bytes.count + name.count + 1)
    if joined.last != Self.slash { joined.append(Self.slash) }
    joined.append(contentsOf: name)
    return FilePath(bytes: joined)
  }

  package func appending(_ name: String) -> FilePath { appending(name.utf8) }

  /// The path of a neighbour whose name is this one's with an ending more.
  func appendingToName(_ ending: String) -> FilePath { FilePath(bytes: bytes + ending.utf8) }

  /// Whether this is `folder` or stands somewhere below it. Judged by name alone.
  package func isWithin(_ folder: FilePath) -> Bool {
    guard bytes.starts(with: folder.bytes) else { return false }
    return bytes.count == folder.bytes.count || folder.bytes.last == Self.slash
      || bytes[folder.bytes.count] == Self.slash
  }

  /// The path as Foundation takes it, which knows no names that are not text.
  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// The path as C takes it.
  var cString: [CChar] {
    var text: [CChar] = []
    text.reserveCapacity(bytes.count + 1)
    for byte in bytes { text.append(CChar(bitPattern: byte)) }
    text.append(0)
    return text
  }

  private static let slash = UInt8(ascii: "/")
}

extension FilePath: Hashable, Comparable {
  package func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  package static func < (left: FilePath, right: FilePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

/// `\xNN` for bytes that can't be shown. A backslash before an `x` is written so too; that alone
/// makes the way back unambiguous.
private enum Escape {
  private static let backslash = UInt8(ascii: "\\")
  private static let x = UInt8(ascii: "x")

  static func applied(to bytes: [UInt8]) -> String {
    var shown: [UInt8] = []
    shown.reserveCapacity(bytes.count)
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var index = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .emptyInput: return String(decoding: shown, as: UTF8.self)
      case .error(let length):
        for byte in bytes[index..<index + length] { append(byte, to: &shown) }
        index += length
      case .valid(let encoded):
        let isControl =
          Unicode.UTF8.decode(encoded).properties.generalCategory == .control
        let needsEscape =
          isControl
          || (encoded.first == backslash && bytes[(index + 1)...].first == x)
        for byte in encoded {
          if needsEscape { append(byte, to: &shown) } else { shown.append(byte) }
        }
        index += encoded.count
      }
    }
  }

  static func undone(_ shown: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(shown.count)
    var index = 0
    while index < shown.count {
      if shown[index] == backslash, index + 3 < shown.count, shown[index + 1] == x,
        let high = digit(shown[index + 2]), let low = digit(shown[index + 3])
      {
        bytes.append(high << 4 | low)
        index += 4
      } else {
        bytes.append(shown[index])
        index += 1
      }
    }
    return bytes
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func append(_ byte: UInt8, to shown: inout [UInt8]) {
    shown += [backslash, x, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    digits.firstIndex(of: byte).map(UInt8.init)
  }
}
