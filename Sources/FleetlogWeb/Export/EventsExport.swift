import FleetlogEvents
import FleetlogStore

/// Every event of a filter, as lines of JSON or of a table, however many they are.
struct EventsExport: ExportDocument {
  enum Form: Sendable { case csv, ndjson }

  private static let stretch = 500

  private let log: EventLog
  private let form: Form
  private var filter: EventFilter
  /// How many more are wanted.
  private var left: Int
  private var isDone = false
  private var hasBegun = false

  init(_ filter: EventFilter, limit: Int?, as form: Form, from log: EventLog) {
    self.filter = filter
    self.log = log
    self.form = form
    left = limit ?? Int.max
  }

  /// `/events.csv` and `/events.ndjson`: the parameters of the viewer, without a limit unless one is
  /// given.
  static func export(
    as form: Form
  ) -> @Sendable (PageRequest, EventLog) throws -> Export {
    { request, log in
      let filter = try EventFilter(parameters: request.parameters, now: request.now)
      guard filter.sort != .rank else {
        throw EventFilter.ParameterError(
          parameter: "sort", value: "rank",
          takes: "newest or oldest here: all events of a view have no best first")
      }
      let limit = request.value("limit") == nil ? nil : filter.limit
      return Export(
        contentType: form == .csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
        fileName: form == .csv ? "events.csv" : "events.ndjson",
        document: EventsExport(filter, limit: limit, as: form, from: log))
    }
  }

  mutating func next() throws -> [UInt8]? {
    if form == .csv, !hasBegun {
      hasBegun = true
      return CSV.head
    }
    guard !isDone, left > 0 else { return nil }
    let (rows, next) = try log.series(filter, limit: min(Self.stretch, left))
    left -= rows.count
    filter.after = next
    isDone = next == nil
    var bytes: [UInt8] = []
    for row in rows {
      switch form {
      case .csv: CSV.append(row.event, to: &bytes)
      case .ndjson: bytes += JSONTwin.row(row).bytes + [0x0A]
      }
    }
    return bytes
  }
}
