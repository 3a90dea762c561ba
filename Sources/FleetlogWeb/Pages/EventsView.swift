import FleetlogEvents
import FleetlogStore

/// A view of `/events`: which events, and how they are looked at. All of it is in the address, so
/// that a view can be kept, shared and opened again.
struct EventsView: Sendable {
  /// What the histogram is compared with.
  enum Comparison: Sendable, Equatable {
    /// The time right before, of the same length.
    case previous
    /// So many ms earlier; with the text as it was given.
    case earlier(Int64, text: String)

    var text: String {
      switch self {
      case .previous: "previous"
      case .earlier(_, let text): text
      }
    }
  }

  var filter: EventFilter
  var comparison: Comparison?
  var isDense = false

  /// Reads the parameters of the page; those of the filter are as everywhere.
  init(parameters: [(name: String, value: String)], now: Int64) throws(EventFilter.ParameterError) {
    var rest: [(name: String, value: String)] = []
    for (name, value) in parameters {
      switch name {
      case "compare": comparison = try Self.comparison(value)
      case "density":
        guard ["", "compact", "normal"].contains(value) else {
          throw EventFilter.ParameterError(
            parameter: name, value: value, takes: "compact or normal")
        }
        isDense = value == "compact"
      default: rest.append((name, value))
      }
    }
    filter = try EventFilter(parameters: rest, now: now)
  }

  init(_ filter: EventFilter) { self.filter = filter }

  private static func comparison(
    _ text: String
  ) throws(EventFilter.ParameterError) -> Comparison? {
    if text.isEmpty { return nil }
    if text == "previous" { return .previous }
    guard let span = TimeExpression.span(text), span > 0 else {
      throw EventFilter.ParameterError(
        parameter: "compare", value: text,
        takes: "previous, or how much earlier, such as 1d or 1w")
    }
    return .earlier(span, text: text)
  }

  /// How it is looked at, as parameters.
  var manner: [(name: String, value: String)] {
    var manner: [(name: String, value: String)] = []
    if let comparison { manner.append(("compare", comparison.text)) }
    if isDense { manner.append(("density", "compact")) }
    return manner
  }

  /// The address of the view, or of another filter looked at in the same manner.
  func location(_ other: EventFilter? = nil) -> Location {
    Location("events", query: (other ?? filter).parameters + manner)
  }

  /// The same view, changed in its manner.
  func changed(_ change: (inout EventsView) -> Void) -> Location {
    var view = self
    change(&view)
    return view.location()
  }
}
