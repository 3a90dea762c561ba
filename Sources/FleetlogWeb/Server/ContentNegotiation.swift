/// A header that lists alternatives with weights: `text/html, application/json;q=0.9, */*;q=0.1`.
struct WeightedList {
  private let entries: [(name: String, weight: Double)]

  init(_ header: String?) {
    entries = (header ?? "").split(separator: ",").compactMap { entry in
      let parts = entry.split(separator: ";").map(\.trimmingOptionalWhitespace)
      guard let name = parts.first, !name.isEmpty else { return nil }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") || $0.hasPrefix("Q=") }
      return (name, weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1)
    }
  }

  /// The weight of the first of these names that is listed; `nil` when none is.
  func weight(of names: String...) -> Double? {
    for name in names {
      if let entry = entries.first(where: { $0.name.equalsIgnoringCase(name) }) {
        return entry.weight
      }
    }
    return nil
  }
}

extension HTTPRequest {
  /// Whether an error should be JSON: the path ends in `.json`, or `Accept` ranks
  /// `application/json` above `text/html`. A wildcard counts for HTML only where the weights
  /// differ, so `application/json, */*` means JSON and `*/*` means a page.
  package var prefersJSON: Bool {
    if path.hasSuffix(".json") { return true }
    let accept = WeightedList(headers["Accept"])
    guard let json = accept.weight(of: "application/json"), json > 0 else { return false }
    if let html = accept.weight(of: "text/html") { return json > html }
    return json >= accept.weight(of: "text/*", "*/*") ?? 0
  }

  var acceptsGzip: Bool {
    let weight = WeightedList(headers["Accept-Encoding"]).weight(of: "gzip", "x-gzip", "*")
    return weight ?? 0 > 0
  }
}
