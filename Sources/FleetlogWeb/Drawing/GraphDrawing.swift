import FleetlogEvents

/// Draws a graph of links as SVG: classes for the page's colours, and attributes that serve where
/// the drawing stands alone.
struct GraphDrawing {
  let sketch: GraphSketch
  let layout: GraphLayout
  /// ms since the Unix epoch.
  let now: Int64
  var links = LinkStyle.served

  private static let margin = 8.0

  func draw(isAlone: Bool = false) -> SafeHTML {
    let width = layout.width + 2 * Self.margin
    let height = layout.height + 2 * Self.margin
    var writer = HTMLWriter(reservingCapacity: 1000 * sketch.boxes.count, links: links)
    writer.append(#"<svg class="graph""#)
    if isAlone { writer.append(#" xmlns="http://www.w3.org/2000/svg""#) }
    attributes([("width", width), ("height", height)], into: &writer)
    writer.append(#" viewBox="0 0 "#)
    writer.append(text: Self.number(width) + " " + Self.number(height))
    writer.append(
      #"" role="group" font-family="system-ui, sans-serif" font-size="12" aria-label=""#)
    writer.append(text: label)
    writer.append(#"">"#)
    if isAlone {
      writer.append(##"<rect class="ground" width="100%" height="100%" fill="#fff"/>"##)
    }
    var taken = sketch.boxes.compactMap(place)
    for (index, arrow) in sketch.arrows.enumerated() {
      if let points = layout.arrows[index] { draw(arrow, points, &taken, into: &writer) }
    }
    for box in sketch.boxes { draw(box, into: &writer) }
    writer.append("</svg>")
    return writer.finish()
  }

  private var label: String {
    Wording.plural(sketch.boxes.count, "event") + " and "
      + Wording.plural(sketch.arrows.count, "link") + ", earlier ones to the left"
  }

  /// Where something is drawn, in px.
  struct Place {
    let x: Range<Double>
    let y: Range<Double>

    init(x: Double, y: Double, width: Double, height: Double) {
      self.x = x..<x + width
      self.y = y..<y + height
    }

    func touches(_ other: Place) -> Bool { x.overlaps(other.x) && y.overlaps(other.y) }
  }

  // MARK: Boxes

  private func place(of box: GraphSketch.Box) -> Place? {
    layout.boxes[box.name].map {
      Place(
        x: $0.x - box.width / 2 + Self.margin, y: $0.y - box.height / 2 + Self.margin,
        width: box.width, height: box.height)
    }
  }

  private func draw(_ box: GraphSketch.Box, into writer: inout HTMLWriter) {
    guard let place = place(of: box) else { return }
    let (x, y) = (place.x.lowerBound, place.y.lowerBound)
    switch box.content {
    case .event(let node): draw(node, box, x, y, into: &writer)
    case .more(let count, let words, let beside):
      writer.append(#"<a href=""#)
      writer.append(
        url: Location("graph", query: [("root", String(beside))]).description)
      writer.append(#"" data-node=""#)
      writer.append(text: box.name)
      writer.append(#""><g class="node more"><title>"#)
      writer.append(text: "\(count) \(words): show each")
      writer.append("</title>")
      rectangle(x, y, box.width, box.height, into: &writer)
      text("line", x + box.width / 2, y + 19, "\(count) \(words)", anchor: "middle", into: &writer)
      writer.append("</g></a>")
    }
  }

  private func draw(
    _ node: LinkGraph.Node, _ box: GraphSketch.Box, _ x: Double, _ y: Double,
    into writer: inout HTMLWriter
  ) {
    let event = node.event
    let who = node.worker.short
    let age = Wording.duration(max(1000, now - event.ts))
    let state = node.isOver ? "over" : event.attentionCandidate ? "open" : ""
    writer.append(#"<a href=""#)
    writer.append(url: Location.event(event.id).description)
    writer.append(#"" data-node=""#)
    writer.append(text: box.name)
    writer.append(#""><g class="node tone-"#)
    writer.append(text: event.tone.rawValue)
    if event.isInferred { writer.append(" inferred") }
    if node.isOver { writer.append(" over") }
    if box.isRoot { writer.append(" root") }
    writer.append(#""><title>"#)
    let confidence = event.confidence.map { ", confidence " + Wording.confidence($0) } ?? ""
    writer.append(
      text: "\(event.typeWords)\(event.isInferred ? " (inferred\(confidence))" : ""): "
        + "\(event.summary) · \(node.worker.full), \(age) ago\(node.isOver ? ", over" : "")"
    )
    writer.append("</title>")
    rectangle(x, y, box.width, box.height, into: &writer)
    let top = y + (box.isRoot ? 21 : 17)
    writer.append(##"<circle class="mark" r="4" fill="#5f5d58""##)
    attributes([("cx", x + 14), ("cy", top - 4)], into: &writer)
    writer.append("/>")
    let characters = Int((box.width - 34) / 6.7)
    text("line", x + 24, top, Self.cut("\(event.typeWords) · \(who)", characters), into: &writer)
    text(
      "words", x + 10, top + (box.isRoot ? 20 : 17),
      Self.cut(event.summary, Int((box.width - 20) / (box.isRoot ? 8.2 : 7.2))), into: &writer)
    let parts = [
      age, state,
      event.isInferred
        ? "inferred\(event.confidence.map { " " + Wording.confidence($0) } ?? "")" : "",
      box.isRoot ? "\(box.symptoms) come from it" : "",
    ]
    text(
      "line", x + 10, top + (box.isRoot ? 39 : 33),
      parts.filter { !$0.isEmpty }.joined(separator: " · "), into: &writer)
    writer.append("</g></a>")
  }

  private func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, into writer: inout HTMLWriter
  ) {
    writer.append(##"<rect class="box" rx="6" fill="#fff" stroke="#8f8c85""##)
    attributes(
      [("x", x), ("y", y), ("width", width), ("height", height)], into: &writer)
    writer.append("/>")
  }

  private func text(
    _ name: StaticString, _ x: Double, _ y: Double, _ words: String,
    anchor: StaticString = "start", into writer: inout HTMLWriter
  ) {
    writer.append(#"<text class=""#)
    writer.append(name)
    writer.append(#"" text-anchor=""#)
    writer.append(anchor)
    writer.append(#"""#)
    attributes([("x", x), ("y", y)], into: &writer)
    writer.append(">")
    writer.append(text: words)
    writer.append("</text>")
  }

  /// Cuts to so many characters, wide ones counted twice.
  static func cut(_ text: String, _ limit: Int) -> String {
    var width = 0
    for index in text.indices {
      let isWide = text[index].unicodeScalars.first.map { $0.value >= 0x1100 } ?? false
      width += isWide ? 2 : 1
      if width > limit { return text[..<index].trimmedEnd + "…" }
    }
    return text
  }

  // MARK: Arrows

  private func draw(
    _ arrow: GraphSketch.Arrow, _ points: [GraphLayout.Point], _ taken: inout [Place],
    into writer: inout HTMLWriter
  ) {
    let course = (arrow.isBackwards ? points.reversed() : points).map {
      GraphLayout.Point(x: $0.x + Self.margin, y: $0.y + Self.margin)
    }
    writer.append(#"<g class="edge "#)
    writer.append(text: arrow.relation.rawValue.replacing("_", with: "-"))
    if arrow.isInferred { writer.append(" inferred") }
    writer.append(#"" data-from=""#)
    writer.append(text: arrow.from)
    writer.append(#"" data-to=""#)
    writer.append(text: arrow.to)
    writer.append(#""><title>"#)
    writer.append(text: arrow.relation.words + (arrow.isInferred ? ", inferred" : ""))
    writer.append(##"</title><path class="course" fill="none" stroke="#8f8c85" d="M"##)
    for (index, point) in course.enumerated() {
      writer.append(
        text: (index == 1 ? "C" : " ") + Self.number(point.x) + " " + Self.number(point.y))
    }
    writer.append(#""/>"#)
    head(course, into: &writer)
    let point = Self.label(arrow.relation.words, along: course, besides: &taken)
    text(
      "relation", point.x, point.y - 4, arrow.relation.words, anchor: "middle", into: &writer)
    writer.append("</g>")
  }

  /// Where the words of an arrow stand: as near to halfway from side to side as no box and no other
  /// words are. Takes the place.
  ///
  /// - Parameter course: cubic curves; the words stand on it.
  static func label(
    _ words: String, along course: [GraphLayout.Point], besides taken: inout [Place]
  ) -> GraphLayout.Point {
    guard let start = course.first, let end = course.last else { return .init(x: 0, y: 0) }
    let goal = (start.x + end.x) / 2
    func place(_ point: GraphLayout.Point) -> Place {
      let width = Double(words.count) * 6.2 + 4
      return Place(x: point.x - width / 2, y: point.y - 15, width: width, height: 15)
    }
    let points = points(of: course).sorted { abs($0.x - goal) < abs($1.x - goal) }
    let free = points.first { point in !taken.contains { $0.touches(place(point)) } }
    let chosen = free ?? points.first ?? start
    taken.append(place(chosen))
    return chosen
  }

  private static func points(of course: [GraphLayout.Point]) -> [GraphLayout.Point] {
    stride(from: 0, to: course.count - 3, by: 3).flatMap { first in
      (0...16).map { step in
        let t = Double(step) / 16
        let weights = [
          (1 - t) * (1 - t) * (1 - t), 3 * t * (1 - t) * (1 - t), 3 * t * t * (1 - t), t * t * t,
        ]
        var point = GraphLayout.Point(x: 0, y: 0)
        for (index, weight) in weights.enumerated() {
          point.x += weight * course[first + index].x
          point.y += weight * course[first + index].y
        }
        return point
      }
    }
  }

  private func head(_ course: [GraphLayout.Point], into writer: inout HTMLWriter) {
    guard let tip = course.last, course.count > 1 else { return }
    let from = course[course.count - 2]
    let (dx, dy) = (tip.x - from.x, tip.y - from.y)
    let length = max((dx * dx + dy * dy).squareRoot(), 0.001)
    let (ux, uy) = (dx / length, dy / length)
    let corners = [
      (tip.x, tip.y), (tip.x - 8 * ux - 3.5 * uy, tip.y - 8 * uy + 3.5 * ux),
      (tip.x - 8 * ux + 3.5 * uy, tip.y - 8 * uy - 3.5 * ux),
    ]
    writer.append(##"<path class="head" fill="#8f8c85" d="M"##)
    let text = corners.map { Self.number($0.0) + " " + Self.number($0.1) }
    writer.append(text: text.joined(separator: "L") + "Z")
    writer.append(#""/>"#)
  }

  private func attributes(
    _ values: [(name: StaticString, value: Double)], into writer: inout HTMLWriter
  ) {
    for (name, value) in values {
      writer.append(" ")
      writer.append(name)
      writer.append(#"=""#)
      writer.append(text: Self.number(value))
      writer.append(#"""#)
    }
  }

  /// One decimal, without an exponent.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (whole, rest) = (tenths.magnitude / 10, tenths.magnitude % 10)
    return sign + (rest == 0 ? "\(whole)" : "\(whole).\(rest)")
  }
}

extension Substring {
  fileprivate var trimmedEnd: String { String(self).trimmed }
}
