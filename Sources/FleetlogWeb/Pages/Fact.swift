/// A named value, with a place to go to where there is one.
struct Fact: TemplateContext {
  let name: String
  let value: String
  let url: String?

  init(_ name: String, _ value: String, _ target: Location? = nil) {
    self.name = name
    self.value = value
    url = target?.description
  }

  static let slots: [Slot<Fact>] = [
    .text("name", \.name), .text("value", \.value), .text("url", \.url),
  ]
}

/// A few words on their own.
struct Words: TemplateContext {
  let text: String

  static let slots: [Slot<Words>] = [.text("text", \.text)]
}
