/// Finds the event blocks that a worker put into its own text.
package enum EventBlock {
  package static let begin = "<!--HAPI_EVENTS_BEGIN-->"
  package static let end = "<!--HAPI_EVENTS_END-->"
  package static let carrier = "AGENT_NOTIFY_SUMMARY"

  /// One thing found in a text, in the order of the text.
  package enum Finding: Sendable, Equatable {
    /// What stands between BEGIN and END.
    case block(body: String, offset: Int)
    /// The JSON behind ``carrier`` in the last non-blank line.
    case summaryLine(body: String, offset: Int)
    /// A sentinel without its partner: `text` is what must be kept of it.
    case broken(reason: String, text: String, offset: Int)
    /// A block inside a code fence: an example, counted and not emitted.
    case fenced(text: String, offset: Int)
  }

  /// What a text holds, and whether it ends inside a block.
  package struct Scan: Sendable, Equatable {
    package var findings: [Finding] = []
    package var endsInsideBlock = false
  }

  /// Whether nothing of a text can matter to what follows it in the message: it speaks of no
  /// event and leaves no code fence open.
  package static func isSpent(_ text: String) -> Bool {
    if mayHoldEvents(text) { return false }
    if !text.contains(bytesOf: "```"), !text.contains(bytesOf: "~~~") { return true }
    var scanner = EventBlockScanner(bytes: Array(text.utf8))
    _ = scanner.scan(isComplete: false)
    return !scanner.isInsideFence
  }

  private static func mayHoldEvents(_ text: String) -> Bool {
    text.contains(bytesOf: "HAPI_EVENTS_") || text.contains(bytesOf: carrier)
  }

  /// Scans the text of one message, or as much of it as is known.
  ///
  /// The findings of a text are the first findings of every longer text that begins with it and a
  /// newline, so a message may be scanned again as it grows.
  ///
  /// - Parameter isComplete: whether the message is known to be over. Until it is, a BEGIN
  ///   without END may still be closed and the last line may not be the last, so neither is
  ///   reported.
  package static func scan(_ text: String, isComplete: Bool) -> Scan {
    guard mayHoldEvents(text) else { return Scan() }
    var scanner = EventBlockScanner(bytes: Array(text.utf8))
    return scanner.scan(isComplete: isComplete)
  }
}

/// The pass over one message's text.
private struct EventBlockScanner {
  let bytes: [UInt8]
  private let begin = Array(EventBlock.begin.utf8)
  private let end = Array(EventBlock.end.utf8)
  private let carrier = Array(EventBlock.carrier.utf8)
  private var findings: [EventBlock.Finding] = []
  private var fence: Fence?
  /// Where the body of the open block begins.
  private var openBody: Int?
  /// How many BEGINs stood inside the open block: the whole is refused as one.
  private var nested = 0
  /// ENDs still to come that belong to a nested block already refused.
  private var surplusEnds = 0
  /// Where a block in a code fence began.
  private var fencedStart: Int?
  /// Of the line that is being scanned: backticks so far, and where its last one stands.
  private var backticks = 0
  private var lastBacktick = 0
  private var hasReportedLine = false

  private struct Fence {
    let mark: UInt8
    let length: Int
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isInsideFence: Bool { fence != nil }

  mutating func scan(isComplete: Bool) -> EventBlock.Scan {
    var lastLine: Range<Int>?
    var lastLineIsFenced = false
    for line in lines() {
      if openBody == nil, toggleFence(line) {
        lastLine = line
        lastLineIsFenced = true
        continue
      }
      scanSentinels(line)
      if openBody == nil, !isBlank(line) {
        lastLine = line
        lastLineIsFenced = fence != nil
      }
    }
    if isComplete {
      if let fencedStart { addFenced(from: fencedStart, to: bytes.count) }
      if let openBody {
        report("BEGIN without END", from: openBody - begin.count, to: bytes.count)
      } else if let lastLine, !lastLineIsFenced {
        scanCarrier(lastLine)
      }
    }
    return EventBlock.Scan(findings: findings, endsInsideBlock: openBody != nil)
  }

  private func lines() -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    while start <= bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      lines.append(start..<end)
      start = end + 1
    }
    return lines
  }

  private func isBlank(_ line: Range<Int>) -> Bool {
    bytes[line].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
  }

  /// Follows CommonMark: up to three spaces, then three or more of one mark; the closing fence
  /// is at least as long and stands alone. Quoted and listed fences count as fences too.
  private mutating func toggleFence(_ line: Range<Int>) -> Bool {
    var index = line.lowerBound
    while index < line.upperBound, [0x20, 0x09, 0x3E].contains(bytes[index]) { index += 1 }
    guard index < line.upperBound, bytes[index] == 0x60 || bytes[index] == 0x7E else {
      return false
    }
    let mark = bytes[index]
    let start = index
    while index < line.upperBound, bytes[index] == mark { index += 1 }
    let length = index - start
    guard length >= 3 else { return false }
    let rest = bytes[index..<line.upperBound]
    if let open = fence {
      guard mark == open.mark, length >= open.length, isBlank(index..<line.upperBound) else {
        return false
      }
      closeFence(at: line.lowerBound)
      return true
    }
    if mark == 0x60, rest.contains(0x60) { return false }
    fence = Fence(mark: mark, length: length)
    return true
  }

  private mutating func closeFence(at offset: Int) {
    if let fencedStart { addFenced(from: fencedStart, to: offset) }
    fencedStart = nil
    fence = nil
  }

  private mutating func scanSentinels(_ line: Range<Int>) {
    var index = line.lowerBound
    lastBacktick = bytes[line].lastIndex(of: 0x60) ?? line.lowerBound
    backticks = 0
    hasReportedLine = false
    while index < line.upperBound {
      guard bytes[index] == 0x3C else {
        if bytes[index] == 0x60 { backticks += 1 }
        index += 1
        continue
      }
      if matches(begin, at: index) {
        foundBegin(at: index)
        index += begin.count
      } else if matches(end, at: index) {
        foundEnd(at: index, line)
        index += end.count
      } else {
        index += 1
      }
    }
  }

  private mutating func foundBegin(at index: Int) {
    if openBody != nil {
      nested += 1
    } else if fence != nil {
      if fencedStart == nil { fencedStart = index }
    } else if isInCodeSpan(index) {
      addFenced(from: index, to: index + begin.count)
    } else {
      openBody = index + begin.count
      surplusEnds = 0
    }
  }

  private mutating func foundEnd(at index: Int, _ line: Range<Int>) {
    if let body = openBody {
      if nested > 0 {
        report("BEGIN inside a block", from: body - begin.count, to: index + end.count)
      } else {
        findings.append(.block(body: text(body..<index), offset: body - begin.count))
      }
      surplusEnds = nested
      nested = 0
      openBody = nil
    } else if let fencedStart {
      addFenced(from: fencedStart, to: index + end.count)
      self.fencedStart = nil
    } else if fence != nil || isInCodeSpan(index) {
      return
    } else if surplusEnds > 0 {
      surplusEnds -= 1
    } else {
      // The whole line once, so that a line of nothing but ENDs is not kept as often as it has them.
      let place = hasReportedLine ? index..<index + end.count : line
      report("END without BEGIN", from: place.lowerBound, to: place.upperBound)
      hasReportedLine = true
    }
  }

  /// A sentinel between backticks on one line is talked about, not emitted.
  private func isInCodeSpan(_ index: Int) -> Bool {
    backticks % 2 == 1 && lastBacktick > index
  }

  private mutating func scanCarrier(_ line: Range<Int>) {
    var start = line.lowerBound
    while start < line.upperBound, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    guard matches(carrier, at: start) else { return }
    let body = start + carrier.count
    guard body < line.upperBound, [0x20, 0x09, 0x7B].contains(bytes[body]) else { return }
    findings.append(.summaryLine(body: text(body..<line.upperBound), offset: start))
  }

  private func matches(_ pattern: [UInt8], at index: Int) -> Bool {
    index + pattern.count <= bytes.count
      && bytes[index..<index + pattern.count].elementsEqual(pattern)
  }

  private mutating func addFenced(from start: Int, to end: Int) {
    findings.append(.fenced(text: text(start..<end), offset: start))
  }

  private mutating func report(_ reason: String, from start: Int, to end: Int) {
    findings.append(.broken(reason: reason, text: text(start..<end), offset: start))
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }
}
