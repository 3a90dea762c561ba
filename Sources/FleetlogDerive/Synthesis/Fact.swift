import FleetlogEvents

/// An event together with what it means for the course of its run.
struct Fact {
  enum Step {
    /// The operator, or for a sub-agent its parent, asks for something.
    case prompted(isQueued: Bool)
    case called(Call)
    case returned(ToolReturn)
    /// Text of the agent's own.
    case spoke
    /// The turn is over by the source's own word.
    case turnEnded(error: String?)
    case interrupted
    case modelFailed(willRetry: Bool, reason: String)
    case modelAnswered
    /// The worker's own word on its state, by an event block or a direct log line.
    case said
    case exited(code: Int?, signal: String?)
    /// The agent's program itself says how the run came out, not with which status it ended.
    case concluded(error: String?)
    case other
  }

  let event: StoredEvent
  let evidence: Evidence
  let step: Step

  var isOperators: Bool { event.sourceKind == SourceKind.operator.rawValue }

  /// Said by the worker itself, in an event block or to the log.
  var isOwnWord: Bool { (event.provenance ?? "worker") == "worker" }

  /// Recorded by the source itself, and so no claim of the worker's.
  var isRecorded: Bool { event.provenance == "transcript" }

  /// Told by whoever drives the worker: a runner or an engine.
  var isOverseers: Bool { event.sourceKind == SourceKind.overseer.rawValue }

  /// Told by the agent's program, not by the worker.
  var isByHook: Bool { event.isToldByHook }

  /// The program's own word on how the run came out, not the status that it ended with.
  var isConclusion: Bool { if case .concluded = step { true } else { false } }

  /// Found by looking for the process, not told by anybody.
  var isVanishing: Bool {
    event.type == .processExited && payload?["vanished"]?.bool == true
  }

  /// Whether the event shows that the worker or its tools did something.
  var isOutput: Bool {
    switch step {
    case .prompted, .interrupted, .exited, .modelAnswered: false
    case .called, .returned, .spoke, .turnEnded, .modelFailed, .concluded: true
    case .said: !isOperators
    case .other: event.sourceKind == SourceKind.worker.rawValue
    }
  }

  /// A process that could not be started, of which whoever typed its command has been told.
  var isMistyped: Bool {
    event.type == .processExited && payload?["told_at_terminal"]?.bool == true
  }

  var payload: JSONValue? { Fact.payload(event) }

  static func payload(_ event: StoredEvent) -> JSONValue? {
    event.payload.flatMap { try? JSONDocument($0).root }
  }

  /// Text as an event keeps it: whole, or head and tail of what was too long.
  static func text(_ value: JSONValue?) -> String {
    if let text = value?.string { return text }
    guard let cut = value?["_cut"] else { return "" }
    return (cut["head"]?.string ?? "") + "\n" + (cut["tail"]?.string ?? "")
  }
}
