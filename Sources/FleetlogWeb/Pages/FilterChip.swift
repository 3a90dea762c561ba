/// A filter in force, with the way to be rid of it.
struct FilterChip: TemplateContext {
  let name: String
  let value: String
  let removeURL: String

  static let slots: [Slot<FilterChip>] = [
    .text("name", \.name), .text("value", \.value), .text("removeURL", \.removeURL),
  ]

  /// One for each parameter of a page.
  static func list(
    _ parameters: [(name: String, value: String)], on page: Location,
    keeping others: [(name: String, value: String)] = []
  ) -> [FilterChip] {
    parameters.indices.map { index in
      var rest = parameters
      let removed = rest.remove(at: index)
      let url = (rest + others).reduce(page) { $0.adding($1.name, $1.value) }
      return FilterChip(
        name: FilterForm.words(removed.name), value: FilterForm.shown(removed),
        removeURL: url.description)
    }
  }
}
