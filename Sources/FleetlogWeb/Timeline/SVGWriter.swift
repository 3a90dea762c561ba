/// Writes the few shapes that a timeline is made of; x in percent of the width, y in pixels.
struct SVGWriter {
  private var writer: HTMLWriter

  init(
    class name: String, height: Int, label: String, capacity: Int, links: LinkStyle = .served
  ) {
    writer = HTMLWriter(reservingCapacity: capacity, links: links)
    open("<svg", name)
    writer.append(#" width="100%" role="group""#)
    pixels(" height", height)
    text(" aria-label", label)
    writer.append(">")
  }

  consuming func finish() -> SafeHTML {
    writer.append("</svg>")
    return writer.finish()
  }

  /// Begins a link. The keyboard reaches the same through the text below.
  ///
  /// - Parameter place: the event whose place this is.
  mutating func link(_ url: String, place: Int64? = nil) {
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: url)
    writer.append("\"")
    if let place { text(" id", "s\(place)") }
    writer.append(">")
  }

  mutating func endLink() { writer.append("</a>") }

  mutating func group(_ name: String) {
    open("<g", name)
    writer.append(">")
  }

  mutating func endGroup() { writer.append("</g>") }

  mutating func title(_ words: String) {
    writer.append("<title>")
    writer.append(text: words)
    writer.append("</title>")
  }

  mutating func rectangle(_ name: String, _ x: Double, _ width: Double, _ y: Int, _ height: Int) {
    open("<rect", name)
    percent(" x", x)
    percent(" width", width)
    pixels(" y", y)
    pixels(" height", height)
    writer.append("/>")
  }

  mutating func line(_ name: String, _ x1: Double, _ y1: Int, _ x2: Double, _ y2: Int) {
    open("<line", name)
    percent(" x1", x1)
    percent(" x2", x2)
    pixels(" y1", y1)
    pixels(" y2", y2)
    writer.append("/>")
  }

  mutating func circle(_ x: Double, _ y: Int, radius: Int) {
    writer.append("<circle")
    percent(" cx", x)
    pixels(" cy", y)
    pixels(" r", radius)
    writer.append("/>")
  }

  /// The torn edge of a gap.
  mutating func tear(_ x: Double, _ y: Int, _ height: Int) {
    writer.append(#"<svg overflow="visible" aria-hidden="true""#)
    percent(" x", x)
    pixels(" y", y)
    writer.append(#"><path class="tear" d="M0 0"#)
    for index in 0..<max(1, height / 6) { writer.append(index % 2 == 0 ? "l2 6" : "l-2 6") }
    writer.append(#""/></svg>"#)
  }

  mutating func label(
    _ words: String, class name: String, _ x: Double, _ y: Int, _ anchor: LabelRows.Anchor
  ) {
    open("<text", name)
    place(words, x, y, anchor)
  }

  /// A moment of the axis; the script writes times of day in the viewer's zone.
  mutating func tick(_ tick: TimeTicks.Tick, form: TimeTicks.Form, y: Int) {
    open("<text", "tick")
    if form.isMoment {
      text(" data-ms", String(tick.ms))
      text(" data-form", form.rawValue)
    }
    place(tick.words, tick.percent, y, tick.anchor)
  }

  /// The rest of a text that has been begun.
  private mutating func place(
    _ words: String, _ x: Double, _ y: Int, _ anchor: LabelRows.Anchor
  ) {
    percent(" x", x)
    pixels(" y", y)
    text(" text-anchor", anchor.rawValue)
    writer.append(">")
    writer.append(text: words)
    writer.append("</text>")
  }

  mutating func name(_ words: String, class name: String, x: Int, y: Int) {
    open("<text", name)
    pixels(" x", x)
    pixels(" y", y)
    writer.append(">")
    writer.append(text: words)
    writer.append("</text>")
  }

  private mutating func open(_ element: StaticString, _ name: String) {
    writer.append(element)
    text(" class", name)
  }

  private mutating func text(_ attribute: StaticString, _ value: String) {
    writer.append(attribute)
    writer.append("=\"")
    writer.append(text: value)
    writer.append("\"")
  }

  private mutating func percent(_ attribute: StaticString, _ value: Double) {
    writer.append(attribute)
    writer.append("=\"")
    writer.append(number: value)
    writer.append("%\"")
  }

  private mutating func pixels(_ attribute: StaticString, _ value: Int) {
    writer.append(attribute)
    writer.append("=\"")
    writer.append(text: String(value))
    writer.append("\"")
  }
}
