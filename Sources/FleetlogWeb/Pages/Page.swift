import FleetlogEvents
import FleetlogStore

/// One page: its data for people as the names of its template, and the same for scripts.
protocol Page: TemplateContext {
  /// The name of its file in `Templates`, without the ending.
  static var template: String { get }

  /// Reads what the page shows. Throws a parameter that cannot be taken, what is not there, or
  /// what the store says.
  static func read(_ request: PageRequest, from log: EventLog) throws -> Self

  /// The JSON twin: the same query, for scripts.
  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject

  var head: PageHead { get }

  /// 200, unless the page itself reports a failure.
  var status: Int { get }
}

extension Page {
  var status: Int { 200 }
}

/// What a page tells the frame around it.
struct PageHead: Sendable {
  var title: String
  /// The entry of the navigation that is marked as current.
  var section: Location?
  var filter = EventFilter()
  /// Where the same view is read as JSON.
  var twin: Location?
  /// How the page keeps up with the log; nil where it stays as it was asked for.
  var live: Liveness?
  /// A script of this page's own.
  var script: Assets.File?
  /// How the page is looked at, which a search from it keeps besides the filter.
  var manner: [(name: String, value: String)] = []
}

/// How an open page keeps up with the log.
struct Liveness: Sendable {
  enum Manner: String, Sendable {
    /// What changes is shown as soon as nobody reads there.
    case quiet
    /// What is new is counted, and shown when it is asked for or followed.
    case announced
  }

  var manner = Manner.quiet
  /// Whether an event is there only when the full text has it.
  var isSearch = false
  /// Where to look first whether anything here is new; cheaper than the page itself.
  var probe: Location?
  /// The address at which the newest is shown, where this page may not reach that far.
  var newest: String?
}

/// What is asked of a page.
struct PageRequest: Sendable {
  /// What stands in the path where the route says `:id`.
  let id: String
  let parameters: [(name: String, value: String)]
  /// ms since the Unix epoch.
  let now: Int64
  let kit: PageKit
  /// `http://` and the host that was asked, as the client named it.
  var origin: String?
  /// The file with the token that who asks there must show, where one is asked for.
  var tokenFile: String?
  /// The import that runs, if one does.
  var progress: ImportProgress?
  /// Counts what the dashboard does.
  var meter = Meter()
  var program = ServingProgram()

  /// The value of a parameter; the last one where it is repeated, nil where it is blank.
  func value(_ name: String) -> String? {
    parameters.last { $0.name == name && !$0.value.isEmpty }?.value
  }

  func values(_ name: String) -> [String] {
    parameters.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
  }

  func integer(
    _ name: String, in range: ClosedRange<Int>, default fallback: Int
  ) throws(EventFilter.ParameterError) -> Int {
    guard let text = value(name) else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw EventFilter.ParameterError(
        parameter: name, value: text,
        takes: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// What a list holds after a cursor, which is nil where no page gave such a one.
  func found<Found>(_ page: Found?) throws(EventFilter.ParameterError) -> Found {
    guard let page else {
      throw EventFilter.ParameterError(
        parameter: "after", value: value("after") ?? "",
        takes: "the cursor that the page before gave as next")
    }
    return page
  }

  /// A misspelt parameter must not pass for one that found nothing.
  func allowOnly(_ names: String...) throws(EventFilter.ParameterError) {
    try allowOnly(names)
  }

  func allowOnly(_ names: [String]) throws(EventFilter.ParameterError) {
    for parameter in parameters where !names.contains(parameter.name) {
      throw .unknown(parameter.name, parameter.value, among: names)
    }
  }
}

/// What was asked for by its name and is not there.
struct NotFound: Error {
  /// A sentence for people: what is missing and where to look instead.
  let message: String
}
