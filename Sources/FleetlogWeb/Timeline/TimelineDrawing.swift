import FleetlogEvents

/// Draws a session's lanes as SVG. Places are percentages, so one drawing serves every width
/// without scaling its labels; the names stand beside it, in a drawing that doesn't scroll.
struct TimelineDrawing {
  let timeline: Timeline
  /// Where the entry of an event is read.
  let link: (_ event: Int64) -> String
  /// What the session itself is called.
  let name: String
  /// Of what was searched for: the events that its bars and marks are known by.
  let found: Set<Int64>
  private let links: LinkStyle

  private let rows: [TimelineRow]
  private let top: Int
  private let ticks: TimeTicks

  private static let trackHeight = 66
  private static let tickY = 12

  init(
    _ timeline: Timeline, name: String, found: Set<Int64> = [], links: LinkStyle = .served,
    link: @escaping (_ event: Int64) -> String
  ) {
    self.timeline = timeline
    self.name = name
    self.found = found
    self.link = link
    self.links = links
    top = timeline.scale.gaps.isEmpty ? 20 : 34
    ticks = TimeTicks(timeline.scale)
    var y = top
    rows = timeline.lanes.map { lane in
      let row = TimelineRow(lane, y: y)
      y += row.height
      return row
    }
  }

  private var scale: TimeScale { timeline.scale }
  private var trackY: Int { top + rows.reduce(0) { $0 + $1.height } }
  private var height: Int { trackY + (timeline.marks.isEmpty ? 6 : Self.trackHeight) }

  func draw() -> SafeHTML {
    var svg = SVGWriter(
      class: "lanes", height: height, label: label, capacity: 64 << 10, links: links)
    drawGround(&svg)
    for (lane, row) in zip(timeline.lanes, rows) { drawSpawn(lane, row, &svg) }
    for (lane, row) in zip(timeline.lanes, rows) { drawLane(lane, row, &svg) }
    drawMarks(&svg)
    return svg.finish()
  }

  /// A sub-agent's name without what all of them begin with; nobody says what it is for where no call
  /// started it, and its id tells it from others.
  private func called(_ full: String, _ run: RunSummary?) -> String {
    let task = WorkerName.task(in: full)
    guard task == full, let run, run.role == "subagent" else { return task }
    return run.instanceID.split(separator: "/").last.map(String.init) ?? full
  }

  /// The lanes' names, row by row beside the drawing.
  func drawNames() -> SafeHTML {
    var svg = SVGWriter(
      class: "lane-names", height: height, label: "Names of the lanes", capacity: 4 << 10,
      links: links)
    for (lane, row) in zip(timeline.lanes, rows) {
      let full = lane.depth == 0 ? self.name : lane.run?.summary ?? "sub-agent"
      let indent = min(lane.depth, 4) * 10
      svg.link(lane.isElsewhere ? elsewhere(lane) : lane.first.map(link) ?? "#transcript")
      svg.title(full)
      svg.name(
        called(full, lane.run).oneLine(limit: lane.depth == 0 ? 15 : 16 - indent / 6),
        class: lane.depth == 0 ? "name trunk" : "name",
        x: indent, y: row.middle + 4)
      svg.endLink()
    }
    if !timeline.marks.isEmpty { svg.name("events", class: "name", x: 0, y: trackY + 20) }
    return svg.finish()
  }

  private var label: String {
    let agents = Wording.plural(timeline.lanes.count, "agent")
    return "\(agents) over \(Wording.duration(scale.end - scale.start)); the transcript below says "
      + "the same in words"
  }

  private func drawGround(_ svg: inout SVGWriter) {
    let bottom = trackY
    for tick in ticks.ticks {
      svg.line("grid", tick.percent, top, tick.percent, bottom)
      svg.tick(tick, form: ticks.form, y: Self.tickY)
    }
    var labels = LabelRows(rows: 1)
    for gap in scale.gaps.sorted(by: { $0.time.count > $1.time.count }) {
      let (left, right) = (gap.place.lowerBound, gap.place.upperBound)
      let words = Wording.duration(Int64(gap.time.count))
      svg.group("gap")
      svg.title("no new event for \(words)")
      svg.rectangle("void", left, right - left, top, bottom - top)
      svg.tear(left, top, bottom - top)
      svg.tear(right, top, bottom - top)
      if let place = labels.place(words, at: (left + right) / 2, mayShorten: false) {
        svg.label(place.text, class: "length", (left + right) / 2, top - 8, place.anchor)
      }
      svg.endGroup()
    }
  }

  /// A thin line from the call that started an agent down to where it began.
  private func drawSpawn(_ lane: Timeline.Lane, _ row: TimelineRow, _ svg: inout SVGWriter) {
    guard let parent = lane.parent, lane.start < scale.end else { return }
    let from = scale.percent(lane.spawnedAt ?? lane.start)
    let to = scale.percent(lane.start)
    svg.line("spawned", from, rows[parent].middle, from, row.middle)
    if to > from { svg.line("spawned", from, row.middle, to, row.middle) }
  }

  private func drawLane(_ lane: Timeline.Lane, _ row: TimelineRow, _ svg: inout SVGWriter) {
    let (left, right) = (scale.percent(lane.start), scale.percent(lane.end))
    svg.line("course", left, row.middle, max(right, left + 0.5), row.middle)
    drawWaits(lane, row, &svg)
    if lane.isElsewhere {
      svg.link(elsewhere(lane))
      svg.title("\(lane.run?.summary ?? "a sub-agent"): in a session of its own")
      svg.rectangle("elsewhere", left, max(right - left, 0.4), row.middle - 4, 8)
      svg.endLink()
    }
    for bar in lane.models { draw(bar, "model", height: 10, y: row.middle, &svg) }
    for bar in lane.delegations {
      draw(bar, "agent", height: 4, y: row.top + row.area - 2, &svg)
    }
    for (index, calls) in lane.calls.enumerated() {
      for bar in calls {
        draw(
          bar, bar.family.rawValue, height: row.barHeight(bar), y: row.middle(of: index),
          &svg)
      }
    }
    for bar in lane.prompts { draw(bar, "prompt", height: row.area, y: row.middle, &svg) }
  }

  private func elsewhere(_ lane: Timeline.Lane) -> String {
    (lane.run?.sessionID.map { Location.session($0) } ?? Location("sessions")).description
  }

  private func draw(
    _ bar: Timeline.Bar, _ name: String, height: Int, y: Int, _ svg: inout SVGWriter
  ) {
    let left = scale.percent(bar.time.lowerBound)
    let least = bar.failed > 0 ? 0.3 : name == "prompt" ? 0.1 : 0.15
    let right = scale.percent(bar.time.upperBound)
    svg.link(link(bar.event), place: bar.events.isEmpty ? nil : bar.event)
    svg.title(bar.sentence(name))
    var kind = "b " + name
    if bar.failed > 0 { kind += " failed" }
    if bar.isOpen { kind += " open" }
    if found.contains(bar.event), !bar.events.isEmpty { kind += " found" }
    svg.rectangle(kind, left, max(right - left, least), y - height / 2, height)
    svg.endLink()
  }

  private func drawWaits(_ lane: Timeline.Lane, _ row: TimelineRow, _ svg: inout SVGWriter) {
    var labels = LabelRows(rows: 1)
    for wait in lane.waits {
      let (left, right) = (scale.percent(wait.time.lowerBound), scale.percent(wait.time.upperBound))
      let length = Wording.duration(Int64(wait.time.count)) + (wait.isOpen ? " so far" : "")
      svg.link(link(wait.event))
      svg.title("waits for you, \(length)" + (wait.isInferred ? " (inferred)" : ""))
      svg.rectangle("wait band", left, max(right - left, 0.3), row.top, row.area)
      svg.line(
        wait.isInferred ? "wait inferred" : "wait", left, row.middle, max(right, left + 0.3),
        row.middle)
      svg.endLink()
      let middle = (left + right) / 2
      let place =
        labels.place("waits for you, \(length)", at: middle, mayShorten: false)
        ?? labels.place(length, at: middle, mayShorten: false)
      if let place {
        svg.label(place.text, class: "waits", middle, row.top + row.area + 12, place.anchor)
      }
    }
  }

  private func drawMarks(_ svg: inout SVGWriter) {
    guard !timeline.marks.isEmpty else { return }
    let middle = trackY + 16
    svg.line("track", 0, trackY + 2, 100, trackY + 2)
    var labels = LabelRows(rows: 2)
    var places: [Int64: LabelRows.Place] = [:]
    let ranked = timeline.marks.sorted {
      (Timeline.Mark.weight($0.tone), $1.ts) > (Timeline.Mark.weight($1.tone), $0.ts)
    }
    for mark in ranked {
      places[mark.event] = labels.place(mark.label, at: scale.percent(mark.ts))
    }
    for mark in timeline.marks {
      let x = scale.percent(mark.ts)
      svg.link(link(mark.event), place: mark.event)
      svg.title(mark.sentence)
      let found = found.contains(mark.event) ? " found" : ""
      svg.group("ev tone-\(mark.tone.rawValue)\(mark.isInferred ? " inferred" : "")\(found)")
      svg.line("stem", x, trackY + 3, x, middle - 5)
      svg.circle(x, middle, radius: 5)
      if let place = places[mark.event] {
        svg.label(place.text, class: "words", x, middle + 19 + 14 * place.row, place.anchor)
      }
      svg.endGroup()
      svg.endLink()
    }
  }
}

/// Where a lane stands, in CSS pixels.
struct TimelineRow {
  let top: Int
  /// The height of its spans.
  let area: Int
  let height: Int
  private let rows: Int

  init(_ lane: Timeline.Lane, y: Int) {
    rows = max(1, lane.calls.count)
    top = y + 4
    area = rows == 1 ? 20 : rows * 13
    height = 8 + area + (lane.waits.isEmpty ? 0 : 14)
  }

  var middle: Int { top + area / 2 }

  func middle(of row: Int) -> Int {
    rows == 1 ? middle : top + 13 * row + 6
  }

  /// A kind of work is told by its height too, a failure stands out at both ends.
  func barHeight(_ bar: Timeline.Bar) -> Int {
    let height =
      switch bar.family {
      case .command, .agent: 16
      case .edit: 12
      case .read, .web, .other: 8
      }
    if rows > 1 { return bar.failed > 0 ? 12 : height * 2 / 3 }
    return bar.failed > 0 ? 20 : height
  }
}

extension Timeline.Bar {
  fileprivate func sentence(_ name: String) -> String {
    let clock = Timestamp.format(time.lowerBound).dropFirst(11).prefix(8)
    let length = time.isEmpty ? "" : ", \(Wording.duration(Int64(time.count)))"
    let when = " · \(clock) UTC\(length)"
    switch name {
    case "prompt": return (count > 1 ? "\(count) prompts" : "you: \(summary)") + when
    case "model": return (count > 1 ? "model, \(count) times" : "model") + when
    default: break
    }
    guard count > 1 else {
      return summary + (failed > 0 ? " · failed" : isOpen ? " · no result so far" : "") + when
    }
    let parts = families.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }
      .map { $0.key.counted($0.value) }
    return parts.joined(separator: ", ") + (failed > 0 ? " · \(failed) failed" : "") + when
  }
}

extension Timeline.Mark {
  fileprivate var label: String { count > 1 ? "\(words) +\(count - 1)" : words }

  fileprivate var sentence: String {
    let clock = Timestamp.format(ts).dropFirst(11).prefix(8)
    return "\(label): \(summary) · \(clock) UTC" + (isInferred ? " · inferred" : "")
  }
}
