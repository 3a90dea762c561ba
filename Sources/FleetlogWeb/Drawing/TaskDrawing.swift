import FleetlogEvents

/// Draws a task's life: a line from its first event to its last, coloured by how it stood, with a
/// mark where something happened. Every mark leads to the event that tells it.
struct TaskDrawing {
  let task: TaskSummary
  /// In units of the drawing, which is scaled to the room there is.
  var width = 240.0

  private static let margin = 8.0
  /// Marks that would touch move apart.
  private static let room = 11.0

  /// A mark and where it stands.
  private struct Place {
    let mark: TaskSummary.Mark
    let x: Double
  }

  func draw() -> SafeHTML {
    let places = places
    var writer = HTMLWriter(reservingCapacity: 300 * places.count + 300)
    writer.append(#"<svg class="life" role="group" viewBox="0 0 "#)
    writer.append(text: Self.number(width))
    writer.append(#" 22" aria-label=""#)
    writer.append(text: label)
    writer.append(#"">"#)
    drawLine(places, into: &writer)
    for place in places { draw(place, into: &writer) }
    writer.append("</svg>")
    return writer.finish()
  }

  private var label: String {
    let words = shown.map { $0.kind.words }.joined(separator: ", ")
    return "The life of \(task.id): \(words.isEmpty ? "nothing is known" : words)"
  }

  /// Marks that say something new; the newest where there are more than fit.
  private var shown: [TaskSummary.Mark] {
    var shown: [TaskSummary.Mark] = []
    for mark in task.marks where !Self.isTold(mark, by: shown) {
      // That it was merged says that it is completed.
      if mark.kind == .merged, let last = shown.last, last.kind == .completed,
        mark.ts - last.ts <= Self.atOnce
      {
        shown.removeLast()
      }
      shown.append(mark)
    }
    return Array(shown.suffix(Int((width - 2 * Self.margin) / Self.room)))
  }

  /// ms within which two records are of one moment.
  private static let atOnce: Int64 = 5000

  private static func isTold(
    _ mark: TaskSummary.Mark, by shown: [TaskSummary.Mark]
  ) -> Bool {
    guard let last = shown.last else { return false }
    if mark.kind == last.kind, mark.ts - last.ts <= atOnce { return true }
    // A runner repeats at the end of its tick which pull request there is.
    let attempt = shown.lastIndex { $0.kind == .dispatched } ?? shown.startIndex
    return mark.kind == .pr && shown[attempt...].contains { $0.kind == .pr }
  }

  /// Room for a gap after an end, in which nothing of the task went on.
  private static let gap = 26.0

  private var places: [Place] {
    let marks = shown
    guard let first = marks.first else { return [] }
    let right = width - Self.margin
    let pairs = zip(marks, marks.dropFirst())
    let gaps = Double(pairs.count { $0.0.kind.isEnd })
    let busy = pairs.filter { !$0.0.kind.isEnd }.reduce(0) { $0 + Double($1.1.ts - $1.0.ts) }
    let (lead, rest) = (
      Double(max(0, first.ts - task.firstAt)),
      marks.last.map { $0.kind.isEnd ? 0 : Double(max(0, task.lastAt - $0.ts)) } ?? 0
    )
    let scale =
      max(0, right - Self.margin - gaps * Self.gap) / max(1, busy + lead + rest)
    var places = [Place(mark: first, x: Self.margin + lead * scale)]
    for (last, mark) in pairs {
      let step = last.kind.isEnd ? Self.gap : Double(mark.ts - last.ts) * scale
      let x = places[places.count - 1].x + max(step, Self.room)
      places.append(Place(mark: mark, x: x))
    }
    // What was moved beyond the end comes back, and pushes those before it.
    var limit = right
    for index in places.indices.reversed() {
      places[index] = Place(mark: places[index].mark, x: min(places[index].x, limit))
      limit = places[index].x - Self.room
    }
    return places
  }

  private func drawLine(_ places: [Place], into writer: inout HTMLWriter) {
    var x = Self.margin
    var last: TaskSummary.Mark?
    var tone = Tone.idle
    for place in places {
      if let last, last.kind.isEnd {
        drawGap(from: x, to: place.x, place.mark.ts - last.ts, into: &writer)
      } else {
        segment(from: x, to: place.x, tone, into: &writer)
      }
      x = place.x
      last = place.mark
      tone = place.mark.kind.toneAfter ?? tone
    }
    if !(last?.kind.isEnd ?? false) {
      segment(from: x, to: width - Self.margin, tone, into: &writer)
    }
  }

  /// A break in the line, with its length.
  private func drawGap(
    from start: Double, to end: Double, _ ms: Int64, into writer: inout HTMLWriter
  ) {
    let middle = (start + end) / 2
    writer.append(#"<g class="gap"><title>"#)
    writer.append(text: "taken up again after \(Wording.duration(ms))")
    writer.append(#"</title><path d="M"#)
    writer.append(text: Self.number(start))
    writer.append(" 11H")
    writer.append(text: Self.number(middle - 3))
    writer.append("m-2 4l4-8m2 8l4-8m-2 4H")
    writer.append(text: Self.number(end))
    writer.append(#""/></g>"#)
  }

  private func segment(
    from start: Double, to end: Double, _ tone: Tone, into writer: inout HTMLWriter
  ) {
    guard end > start else { return }
    writer.append(#"<line class="course tone-"#)
    writer.append(text: tone.rawValue)
    writer.append(#"" y1="11" y2="11" x1=""#)
    writer.append(text: Self.number(start))
    writer.append(#"" x2=""#)
    writer.append(text: Self.number(end))
    writer.append(#""/>"#)
  }

  private func draw(_ place: Place, into writer: inout HTMLWriter) {
    let mark = place.mark
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: Location.event(mark.event).description)
    writer.append(#""><title>"#)
    writer.append(text: "\(mark.kind.words), \(Self.time(mark.ts))")
    writer.append(#"</title><g class="mark "#)
    writer.append(mark.kind.shape)
    writer.append(mark.kind == .merging ? " inferred tone-" : " tone-")
    writer.append(text: mark.kind.tone.rawValue)
    writer.append(#"" transform="translate("#)
    writer.append(text: Self.number(place.x))
    writer.append(#" 11)"><rect class="hit" x="-6" y="-10" width="12" height="20"/><path d=""#)
    writer.append(mark.kind.path)
    writer.append(#""/></g></a>"#)
  }

  private static func time(_ ms: Int64) -> String {
    Timestamp.format(ms).replacing("T", with: " ").prefix(19) + " UTC"
  }

  /// One decimal, without an exponent.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }
}

extension TaskSummary.Mark.Kind {
  var words: String {
    switch self {
    case .pr: "pull request opened"
    case .critique: "critic's verdict"
    case .merging: "will merge by itself"
    case .stuck: "found stuck"
    default: rawValue
    }
  }

  var tone: Tone {
    switch self {
    case .planned, .critique: .idle
    case .dispatched: .work
    case .pr: .wait
    case .stuck: .stale
    case .crashed, .failed, .blocked: .block
    case .merging, .merged, .completed, .compensated: .ok
    }
  }

  fileprivate var isEnd: Bool {
    [.completed, .merged, .failed, .compensated].contains(self)
  }

  /// How it stands with the task from then on; nil where nothing changes.
  fileprivate var toneAfter: Tone? { self == .critique ? nil : tone }

  fileprivate var isFilled: Bool {
    switch self {
    case .planned, .critique, .merging, .crashed, .failed: false
    default: true
    }
  }

  fileprivate var shape: StaticString { isFilled ? "filled" : "drawn" }

  /// The shape tells what the colour tells: a ring, a disc, a diamond, a triangle, a bar, a cross.
  fileprivate var path: StaticString {
    switch self {
    case .planned: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
    case .dispatched: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
    case .pr: "M0-5L5 0L0 5L-5 0z"
    case .critique: "M-3-3H3V3H-3z"
    case .stuck: "M0-5L5 4H-5z"
    case .blocked: "M-2.5-5H2.5V5H-2.5z"
    case .crashed, .failed: "M-4-4L4 4M4-4L-4 4"
    case .merging, .merged, .completed, .compensated: "M-4.5-4.5H4.5V4.5H-4.5z"
    }
  }
}

extension TaskSummary.Status {
  var words: String {
    switch self {
    case .prOpen: "pull request open"
    case .merging: "merging"
    case .blocked: "merge blocked"
    case .running: "at work"
    default: rawValue
    }
  }

  var tone: Tone {
    switch self {
    case .planned, .unknown: .idle
    case .running: .work
    case .prOpen: .wait
    case .stuck: .stale
    case .crashed, .failed, .blocked: .block
    case .merging, .merged, .completed, .compensated: .ok
    }
  }
}
