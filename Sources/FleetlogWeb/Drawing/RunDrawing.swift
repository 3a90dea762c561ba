package import FleetlogEvents

/// Draws a tree of runs as an indented timeline: a row for each, with a bar for the time it ran, and
/// a thin line down from its parent to where it began.
///
/// Widths are percentages, so one drawing serves every width without scaling its labels; the names
/// stand beside it, a row of ``rowHeight`` each.
struct RunDrawing {
  let nodes: [RunTree.Node]
  /// ms since the Unix epoch.
  let now: Int64
  /// The run that a page is about.
  var marked: Int64?

  static let rowHeight = 24
  private static let barHeight = 10

  /// Empty where there is nothing to draw.
  func draw() -> SafeHTML {
    guard let start = nodes.map(\.run.startedAt).min() else { return .empty }
    let end = nodes.map { $0.end(now: now) }.max() ?? start
    let axis = TimeAxis(start: start, end: max(start + 1000, end))
    var writer = HTMLWriter(reservingCapacity: 500 * nodes.count)
    writer.append(#"<svg class="runs" width="100%" height=""#)
    writer.append(text: String((nodes.count + 1) * Self.rowHeight))
    writer.append(#"" role="group" aria-label=""#)
    writer.append(
      text: "\(Wording.plural(nodes.count, "run")) over \(Wording.duration(end - start))")
    writer.append(#"">"#)
    axis.draw(
      y: 15, line: Self.rowHeight...(nodes.count + 1) * Self.rowHeight, countsFromStart: true,
      into: &writer)
    for (row, node) in nodes.enumerated() {
      if let parent = node.parent {
        connect(parent, row, axis.percent(node.run.startedAt), &writer)
      }
    }
    for (row, node) in nodes.enumerated() { draw(node, row, axis, &writer) }
    writer.append("</svg>")
    return writer.finish()
  }

  private func middle(_ row: Int) -> Int { (row + 1) * Self.rowHeight + Self.rowHeight / 2 }

  private func connect(
    _ parent: Int, _ row: Int, _ x: Double, _ writer: inout HTMLWriter
  ) {
    writer.append(#"<line class="spawned" x1=""#)
    writer.append(number: x)
    writer.append(#"%" x2=""#)
    writer.append(number: x)
    writer.append(#"%" y1=""#)
    writer.append(text: String(middle(parent) + Self.barHeight / 2))
    writer.append(#"" y2=""#)
    writer.append(text: String(middle(row)))
    writer.append(#""/>"#)
  }

  private func draw(
    _ node: RunTree.Node, _ row: Int, _ axis: TimeAxis, _ writer: inout HTMLWriter
  ) {
    let left = axis.percent(node.run.startedAt)
    let right = max(axis.percent(node.end(now: now)), left + 0.3)
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: Location.run(node.run.id).description)
    writer.append(#""><title>"#)
    writer.append(text: node.sentence(now: now))
    writer.append(#"</title><g class="run tone-"#)
    writer.append(text: node.worker.state.inferred.status.tone.rawValue)
    if !node.worker.state.isSaidOrSeen { writer.append(" inferred") }
    if node.isOpen(now: now) { writer.append(" open") }
    if node.run.id == marked { writer.append(" marked") }
    writer.append(#"">"#)
    for (name, x, width, height) in [
      ("hit" as StaticString, 0, 100, Self.rowHeight), ("bar", left, right - left, Self.barHeight),
    ] {
      writer.rectangle(
        name, x: x, y: Double(middle(row) - height / 2), width: width, height: Double(height))
    }
    label(node, left, right, row, &writer)
    writer.append("</g></a>")
  }

  /// Beside the bar where there is room for how it ended, else behind it, where the drawing keeps
  /// room for how long it took.
  private func label(
    _ node: RunTree.Node, _ left: Double, _ right: Double, _ row: Int, _ writer: inout HTMLWriter
  ) {
    let isBefore = right >= 72 && left > 28
    writer.append(#"<text class="took" x=""#)
    writer.append(number: isBefore ? left : right)
    writer.append(#"%" dx=""#)
    writer.append(isBefore ? "-6" : "6")
    writer.append(#"" y=""#)
    writer.append(text: String(middle(row) + 4))
    writer.append(#"" text-anchor=""#)
    writer.append(isBefore ? "end" : "start")
    writer.append(#"">"#)
    let hasRoom = isBefore || right < 72
    writer.append(
      text: hasRoom ? node.shortCourse(now: now) : Wording.duration(node.took(now: now)))
    writer.append("</text>")
  }
}

// How a run went, in words.
extension RunTree.Node {
  /// Whether it goes on, as far as anybody can tell.
  func isOpen(now: Int64) -> Bool {
    guard worker.state.facts.exit == nil, now - run.lastAt <= WorkerQuery.silence else {
      return false
    }
    switch worker.state.inferred.status {
    case .working, .waitingOnOperator, .waitingOnExternal, .blocked: return true
    case .idle, .failed, .complete, .stale, .unknown: return false
    }
  }

  /// When it ended, as far as is known; ms since the Unix epoch.
  func end(now: Int64) -> Int64 {
    let end = worker.state.facts.exit?.mark.ts ?? (isOpen(now: now) ? now : run.lastAt)
    return max(end, run.startedAt)
  }

  package func took(now: Int64) -> Int64 { end(now: now) - run.startedAt }

  /// How it ended: what its process says, else how it stands.
  package var outcome: String {
    worker.state.facts.exit?.words ?? worker.state.inferred.status.words
  }

  fileprivate func shortCourse(now: Int64) -> String {
    let took = Wording.duration(took(now: now))
    switch worker.state.inferred.status {
    case .idle, .complete, .working, .unknown: return took
    default: return "\(took) · \(outcome)"
    }
  }

  /// What people call it, as everywhere.
  package var name: String { workerName.short }

  /// What it is about, where that is known and not its name.
  package var title: String? { worker.subject }

  fileprivate func sentence(now: Int64) -> String {
    "\(name)\(title.map { ", " + $0 } ?? "") (\(run.role) \(run.instanceID)): \(outcome), \(Wording.duration(took(now: now)))"
      + (usage.isEmpty ? "" : ", \(Wording.count(usage.total.tokens)) tokens")
      + (children == 0 ? "" : ", spawned \(Wording.plural(children, "run"))")
  }
}
