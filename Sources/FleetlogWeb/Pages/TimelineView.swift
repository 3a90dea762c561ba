import FleetlogEvents

/// The lanes of a session on its page, with the ways to other stretches of its time.
struct TimelineView: TemplateContext {
  let timeline: Timeline
  let query: TranscriptQuery
  /// What the session is called.
  let name: String
  /// Events that stand on this page.
  let shown: Set<Int64>
  let partialReason: String?
  /// ms since the Unix epoch.
  let now: Int64

  /// Lanes up to which the drawing stays in sight while one reads.
  private static let fewLanes = 4

  static let slots: [Slot<TimelineView>] = [
    .html("names") { $0.drawing.drawNames() },
    .html("lanes") { $0.drawing.draw() },
    .flag("isPinned") { $0.timeline.lanes.count <= fewLanes },
    .text("scale", \.scaleText),
    .part("from") { TimeText($0.timeline.scale.start, now: $0.now, as: .full) },
    .part("to") { view in
      let (start, end) = (view.timeline.scale.start, view.timeline.scale.end)
      let isSameDay = start / 86_400_000 == end / 86_400_000
      return TimeText(end, now: view.now, as: isSameDay ? .time : .full)
    },
    .text("length") { Wording.duration($0.timeline.scale.end - $0.timeline.scale.start) },
    .list("zooms", \.zooms),
    .list("keys") { keys(of: $0.timeline) },
    .text("moreLanes") { view in
      let more = view.timeline.moreLanes
      return more > 0 ? "\(Wording.plural(more, "agent")) more in the transcript only" : nil
    },
    .text("partialReason", \.partialReason),
    .flag("isEmpty", \.isEmpty),
  ]

  private var drawing: TimelineDrawing {
    let (query, shown) = (query, shown)
    return TimelineDrawing(timeline, name: name, found: query.text == nil ? [] : found) { event in
      shown.contains(event) ? "#e\(event)" : query.place(of: event, within: query.stretch)
    }
  }

  /// What is searched for and stands on this page, as the lanes show it.
  private var found: Set<Int64> { Set(shown.compactMap { timeline.places[$0] }) }

  private var isEmpty: Bool { timeline.places.isEmpty }

  /// The scale's corners, `ms:percent`, by which the script finds the moment under the pointer.
  private var scaleText: String {
    let pieces = timeline.scale.pieces
    let corners = pieces.map { ($0.time.lowerBound, $0.place.lowerBound) }
    let last = pieces.last.map { [($0.time.upperBound, $0.place.upperBound)] } ?? []
    return (corners + last).map { "\($0.0):\(Int(($0.1 * 100).rounded()))" }.joined(separator: " ")
  }

  /// Other stretches, found where idle time is cut short, so that none of them is empty.
  private var zooms: [Zoom] {
    let whole = timeline.whole
    let isZoomed = query.stretch != nil
    let left = whole.percent(timeline.scale.start)
    let right = whole.percent(timeline.scale.end)
    let (half, quarter) = ((right - left) / 2, (right - left) / 4)
    func zoom(_ name: String, _ key: String, _ left: Double, _ right: Double, _ isUseful: Bool)
      -> Zoom
    {
      let (start, end) = (whole.moment(max(0, left)), whole.moment(min(100, right)))
      let isWhole = left <= 1 && right >= 99
      let stretch = isWhole ? nil : start..<max(start + 1, end + (right >= 99 ? 1 : 0))
      let url = query.location(stretch: stretch).description + "#lanes"
      return Zoom(name: name, key: key, url: isUseful ? url : nil)
    }
    return [
      zoom(
        "Zoom in", "+", left + quarter, right - quarter,
        timeline.scale.end - timeline.scale.start > 200),
      zoom("Zoom out", "-", left - half, right + half, isZoomed),
      zoom("Earlier", "[", left - half, right - half, isZoomed && left > 1),
      zoom("Later", "]", left + half, right + half, isZoomed && right < 99),
      Zoom(
        name: "Whole session", key: "0",
        url: isZoomed ? query.location(stretch: nil).description + "#lanes" : nil),
    ].filter { $0.url != nil }
  }

  /// What the drawing's colours and shapes mean, as far as they occur.
  static func keys(of timeline: Timeline) -> [Key] {
    let lanes = timeline.lanes
    let calls = lanes.flatMap { Array($0.calls.joined()) + $0.delegations }
    let families = Set(calls.flatMap { Array($0.families.keys) })
    var keys = ToolFamily.allCases.filter(families.contains).map { Key($0.rawValue, $0.words) }
    if lanes.contains(where: { !$0.models.isEmpty }) { keys.append(Key("model", "model")) }
    if lanes.contains(where: { !$0.prompts.isEmpty }) { keys.append(Key("prompt", "you")) }
    if lanes.contains(where: { !$0.waits.isEmpty }) { keys.append(Key("wait", "waits for you")) }
    if calls.contains(where: { $0.failed > 0 }) { keys.append(Key("failed", "failed")) }
    if timeline.marks.contains(where: { !$0.isInferred }) {
      keys.append(Key("said", "said or seen"))
    }
    if timeline.marks.contains(where: \.isInferred) { keys.append(Key("inferred", "inferred")) }
    return keys
  }

  /// A way to another stretch.
  struct Zoom: TemplateContext {
    let name: String
    let key: String
    let url: String?

    static let slots: [Slot<Zoom>] = [
      .text("name", \.name), .text("key", \.key), .text("url", \.url),
    ]
  }

  /// An entry of the legend.
  struct Key: TemplateContext {
    let kind: String
    let words: String

    init(_ kind: String, _ words: String) {
      self.kind = kind
      self.words = words
    }

    static let slots: [Slot<Key>] = [.text("kind", \.kind), .text("words", \.words)]
  }
}
