/// A named value, with a place to go to where there is one.
struct NamedValue: TemplateContext {
  let name: String
  let value: String
  let url: String?
  /// Of a moment, which the reader's browser tells in its own zone.
  let time: TimeText?

  init(_ name: String, _ value: String, _ target: Location? = nil) {
    self.name = name
    self.value = value
    url = target?.description
    time = nil
  }

  /// - Parameter moment: ms since the Unix epoch, as is `now`.
  init(_ name: String, at moment: Int64, now: Int64) {
    let time = TimeText(moment, now: now, as: .zoned)
    self.name = name
    value = time.text
    url = nil
    self.time = time
  }

  static let slots: [Slot<NamedValue>] = [
    .text("name", \.name), .text("value", \.value), .text("url", \.url), .part("time", \.time),
  ]
}
