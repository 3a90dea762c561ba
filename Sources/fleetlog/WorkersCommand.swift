import FleetlogDerive
import FleetlogEvents
import FleetlogStore
import FleetlogWeb

/// Lists workers and their states.
enum WorkersCommand: Verb {
  static let name = "workers"
  static let help = "Lists live workers and their states, those that need you first."
  static let options = [
    CommonOptions.database, CommonOptions.json, Reveal.option,
    Option(
      name: "at", value: "TIME",
      help: "as of then: ISO-8601, epoch ms, or back from now: 15m, 2h, 7d (default now)"),
    Option(name: "agent", value: "NAME", help: "agent", isRepeatable: true),
    Option(name: "project", value: "DIR", help: "project", isRepeatable: true),
    Option(
      name: "state", value: "STATE",
      help: WorkerStatus.allCases.map(\.rawValue).joined(separator: ", "), isRepeatable: true,
      choices: WorkerStatus.allCases.map(\.rawValue)),
    Option(name: "all", value: nil, help: "also those that ended or fell silent long ago"),
    Thresholds.option,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let options = ["at", "agent", "project", "state", "all"]
    let query = try WorkerQuery(
      parameters: options.flatMap { name in arguments.values(name).map { (name, $0) } },
      now: Clock.now())
    let log = try EventLog.open(arguments)
    let list = try log.workers(query, by: Thresholds.rules(arguments), countsAll: true)
    try UnknownNames.tell(
      ["agent", "project"], of: arguments, in: log, isEmpty: list.workers.isEmpty)
    if arguments.has("json") {
      Terminal.print(JSONTwin.workers(list, at: query.moment).bytes)
      return 0
    }
    var table = Table(
      ["worker", "inferred", "reported", "observed", "last output", "how it stands"], right: [4])
    let names = WorkerNames().with(list.workers.flatMap(\.family))
    for worker in list.workers { add(worker, to: &table, query, names, indent: "") }
    table.print()
    let noun = query.includesAll ? "known" : "live"
    let hint =
      list.workers.isEmpty && !query.includesAll ? " --all shows those of earlier too." : ""
    let reason = (list.partialReason.map { " " + $0 } ?? "") + hint
    Terminal.say("\(list.workers.count) \(noun) of \(list.known) workers.\(reason)")
    return 0
  }

  private static func add(
    _ worker: Worker, to table: inout Table, _ query: WorkerQuery, _ names: WorkerNames,
    indent: String
  ) {
    let state = worker.state
    let confidence = state.inferred.confidence.map { " (\(($0 * 100).rounded() / 100))" } ?? ""
    let age = state.lastOutput.map { Wording.duration(query.moment - $0.ts) } ?? "none"
    let name = names[worker].short
    let instance = worker.run.instanceID
    // A program that was run has no other name than what was run.
    let command = worker.project == nil ? worker.subject?.oneLine(limit: 60) : nil
    table.add([
      indent
        + [name.oneLine(limit: 60), name == instance ? nil : instance, command]
        .compactMap(\.self).joined(separator: " "),
      state.inferred.status.rawValue + confidence, state.reported.status.rawValue,
      state.observed.status.rawValue, age,
      state.reasons.map(\.words).joined(separator: "; ").oneLine(limit: 160),
    ])
    for child in worker.children { add(child, to: &table, query, names, indent: indent + "  ") }
  }
}

extension Worker {
  /// Itself, and all below it.
  fileprivate var family: [Worker] { [self] + children.flatMap(\.family) }
}
