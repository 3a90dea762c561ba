import FleetlogEvents

/// Lines of a log that belong together and become one event: neighbours in time, of one kind, no
/// more than a person takes in. Where it ends is decided by the lines alone, so that the same log
/// gives the same bursts however it is read.
struct LogBurst: Codable {
  /// The number of the first line, from 0.
  let number: Int
  private let offset: Int64
  private var end: Int64
  private var lastNumber: Int
  let ts: Int64
  /// The first line's own time, in ms.
  let time: Int64?
  /// Where the time was taken from if the line has none of its own.
  private let timeSource: String?
  private var text: String
  private var words: String
  private var count = 1
  private(set) var gravity: LogLine.Gravity
  private let isStated: Bool
  /// The key of the event that showed the burst before it was complete.
  var shown: String?
  /// Whether an event shows all of it.
  var isShown = false

  private static let mostLines = 100
  private static let mostBytes = 8 << 10
  /// What follows an error without saying more about itself, such as a stack trace.
  private static let mostLinesOfError = 40
  /// ms between the first line and the last.
  private static let longest: Int64 = 60_000

  init(_ line: LogLine, at place: LogText, ts: Int64, timeSource: String?) {
    self.timeSource = timeSource
    number = place.number
    lastNumber = place.lastNumber
    offset = place.offset
    end = place.offset + place.length
    self.ts = ts
    time = line.time
    text = line.text
    words = line.words
    gravity = line.gravity
    isStated = line.isStated
  }

  /// Whether a line goes on with it. An error begins a burst of its own, to which belongs what
  /// follows it without a time.
  func takes(_ line: LogLine) -> Bool {
    if text.utf8.count + line.text.utf8.count > Self.mostBytes { return false }
    if let time = line.time {
      guard let start = self.time, (start...start + Self.longest).contains(time) else {
        return false
      }
    }
    if gravity == .error {
      if count >= Self.mostLinesOfError { return false }
      return line.gravity == .error || (line.time == nil && !line.isStated)
    }
    return line.gravity != .error && count < Self.mostLines
  }

  mutating func add(_ line: LogLine, at place: LogText) {
    // Blank lines are not handed on; that there were some shows in the numbers.
    text += place.number > lastNumber + 1 ? "\n\n" : "\n"
    text += line.text
    if words.utf8.count < 400 { words += "\n" + line.words }
    lastNumber = place.lastNumber
    end = place.offset + place.length
    count += 1
    gravity = max(gravity, line.gravity)
    isShown = false
  }

  /// The event that shows the burst as it is. One that grew since it was shown supersedes what
  /// was shown then.
  func draft(run: RunIdentity, scope: String, cap: TextCap) -> EventDraft {
    var gist = PlainText.gist(ofReply: words)
    if count > 1 { gist = PlainText.line(gist, limit: 280) + " · \(count) lines" }
    var draft = EventDraft(
      .workerObservation, ts: ts, run: run, sourceKind: .worker, summary: PlainText.line(gist))
    draft.sourceRef = run.sessionID
    draft.span = SourceSpan(offset: offset, length: end - offset)
    draft.confidence = isStated ? 0.6 : 0.3
    if gravity == .error { draft.severity = 2 }
    draft.payload.set("text", text, cap: cap)
    draft.payload.set("lines", count)
    draft.payload.set("first_line", number + 1)
    if gravity != .plain {
      draft.payload.set("level", gravity == .error ? "error" : "warning")
    }
    draft.payload.set("_ts_from", timeSource)
    var key = FactKey()
    key.add(scope)
    key.add(number)
    key.add(text)
    draft.idempotencyKey = key.text(prefix: "t", ts: time)
    if let shown, shown != draft.idempotencyKey {
      draft.links.append(.byRule("log_goes_on", .supersedes, .idempotencyKey(shown)))
    }
    return draft
  }
}
