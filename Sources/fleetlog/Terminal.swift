import FleetlogEvents
@preconcurrency import Glibc

/// Data goes to stdout, talk to stderr; colour and movement only where a person looks.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1
  static let hasColour =
    isatty(STDOUT_FILENO) == 1 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)

  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// JSON, with what could steer a terminal escaped.
  static func print(_ json: [UInt8]) { write(json.visibleJSON + [0x0A], to: STDOUT_FILENO) }

  /// Bytes as they are, without a line break.
  static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  static func say(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// Shows a line that the next one replaces; nothing where nobody looks.
  static func show(_ line: String) {
    guard isInteractive else { return }
    write("\r\u{1B}[2K" + line, to: STDERR_FILENO)
  }

  static func dim(_ text: String) -> String { hasColour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// Text from a transcript made safe for a terminal: control characters could steer it.
  static func safe(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format: scalar == "\u{200D}" ? scalar : "\u{FFFD}"
          default: scalar
          }
        }))
  }

  private static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8), to: descriptor)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // The reader has gone, as in `fleetlog events | head`.
      if count <= 0 { exit(0) }
      rest = rest.dropFirst(count)
    }
  }
}
