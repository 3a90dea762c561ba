import FleetlogDerive
import FleetlogEvents
import FleetlogStore

/// The workers of a log at one moment, for people: three views of each, what it waits for, and the
/// facts that say so.
struct WorkerReport {
  let lines: [String]

  /// - Parameter moment: ms since the Unix epoch.
  init(_ log: EventLog, at moment: Int64) throws {
    var query = WorkerQuery(moment: moment, isNow: false)
    query.includesAll = true
    let list = try log.workers(query, by: Synthesizer())
    lines = list.workers.sorted { $0.run.key < $1.run.key }.flatMap { Self.describe($0) }
  }

  private static func describe(_ worker: Worker, indent: String = "") -> [String] {
    let state = worker.state
    let confidence = state.inferred.confidence.map { " \($0)" } ?? ""
    var lines = [
      "\(indent)\(worker.run.instanceID): reported \(view(state.reported)); "
        + "observed \(view(state.observed)); inferred \(view(state.inferred))\(confidence)"
    ]
    if let need = state.need { lines.append("\(indent)  needs the operator: \(need.name)") }
    if let waits = state.waitsFor { lines.append("\(indent)  waits for: \(waits)") }
    if !state.reasons.isEmpty {
      let words = state.reasons.map(\.words).joined(separator: "; ")
      lines.append("\(indent)  because: \(words)")
    }
    let children = worker.children.sorted { $0.run.key < $1.run.key }
    return lines + children.flatMap { describe($0, indent: indent + "  ") }
  }

  private static func view(_ view: WorkerView) -> String {
    let reason = view.reason.map { " (\($0))" } ?? ""
    return view.status.rawValue + reason
  }
}
