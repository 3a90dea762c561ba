import FleetlogEvents

/// What one line of a log says: its time, if it tells one, its words, and how grave they are.
struct LogLine {
  enum Gravity: Int, Codable, Comparable {
    case plain, warning, error

    static func < (left: Gravity, right: Gravity) -> Bool { left.rawValue < right.rawValue }
  }

  /// The line as it stands.
  let text: String
  /// Without stamp.
  let words: String
  /// ms since the Unix epoch.
  let time: Int64?
  let gravity: Gravity
  /// Whether the source itself states the gravity, in a field made for it.
  let isStated: Bool

  init(text: String) {
    self.text = text
    let stamp = LogStamp.leading(text)
    words = stamp?.rest ?? text
    time = stamp?.ms
    gravity = LogGravity.guess(words)
    isStated = false
  }

  /// A record of a JSON-lines log.
  init?(_ value: JSONValue) {
    guard let level = LogGravity.fields.lazy.compactMap({ value[$0] }).first,
      let gravity = LogGravity.stated(level),
      let message = Self.messageFields.lazy.compactMap({ value[$0]?.string }).first
    else { return nil }
    let more = value.members.filter { member in
      !LogGravity.fields.contains(member.key) && !Self.messageFields.contains(member.key)
        && !Self.timeFields.contains(member.key) && !member.value.isObject
        && !member.value.isArray
    }
    let pairs = more.prefix(20).map { "\($0.key)=" + ($0.value.string ?? $0.value.source) }
    let name = level.string ?? "\(gravity)"
    words = ([message] + pairs).joined(separator: " ")
    text = name.uppercased() + " " + words
    time = Self.timeFields.lazy.compactMap { LogStamp.of(value[$0]) }.first
    self.gravity = gravity
    isStated = true
  }

  private static let messageFields = ["msg", "message", "event", "text"]
  private static let timeFields = ["ts", "time", "timestamp", "@timestamp", "t", "asctime"]
}

/// How grave a line of a log is: by the field that says so, or by weak patterns.
enum LogGravity {
  static let fields = ["level", "severity", "lvl", "levelname", "log.level"]

  static func stated(_ level: JSONValue) -> LogLine.Gravity? {
    // The numbers of pino and bunyan.
    if let number = level.int { return number >= 50 ? .error : number >= 40 ? .warning : .plain }
    guard let name = level.string?.lowercased(), !name.isEmpty, name.count <= 20 else { return nil }
    if errors.contains(name) { return .error }
    return name.hasPrefix("warn") ? .warning : .plain
  }

  private static let errors: Set<String> = [
    "error", "err", "fatal", "critical", "crit", "panic", "severe", "alert", "emergency",
  ]

  static func guess(_ words: String) -> LogLine.Gravity {
    let head = PlainText.head(words)
    if starts.contains(where: head.hasPrefix) { return .error }
    for mark in head.utf8.split(maxSplits: 4, whereSeparator: isBetweenMarks).prefix(4)
    where mark.count <= 8 {
      switch String(Substring(mark)) {
      case "ERROR", "FATAL", "CRITICAL", "PANIC", "SEVERE": return .error
      case "WARN", "WARNING": return .warning
      default: break
      }
    }
    if head.contains(bytesOf: "level=error") || head.contains(bytesOf: "level=fatal") {
      return .error
    }
    // `ValueError: …`, `java.io.IOException: …`, `main.c:3:1: error: …`
    let first = Substring(head.utf8.prefix { $0 != 0x20 && $0 != 0x09 })
    if first.hasSuffix("Error:") || first.hasSuffix("Exception:") { return .error }
    if head.contains(bytesOf: ": error: ") || head.contains(bytesOf: ": fatal error: ") {
      return .error
    }
    return .plain
  }

  private static func isBetweenMarks(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x5B, 0x5D, 0x3C, 0x3E, 0x7C, 0x3A: true
    default: false
    }
  }

  private static let starts = [
    "error:", "Error:", "fatal:", "panic:", "Traceback (most recent call last)", "Unhandled",
    "Uncaught", "Segmentation fault", "npm ERR!", "error[E",
  ]
}
