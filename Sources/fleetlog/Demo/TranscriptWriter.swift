import FleetlogEvents

/// How an agent of one kind writes down what happens: a step becomes lines of its transcript.
protocol TranscriptWriter: Sendable {
  /// The transcript, below the fleet's folder.
  var path: String { get }
  /// The calls that nothing has answered so far.
  var openCalls: [OpenCall] { get }

  /// The lines of a step; those of a call or a delegation leave it open.
  ///
  /// - Parameter time: ms since the Unix epoch.
  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON]
  /// The lines that answer an open call.
  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON]
  /// What the last step wrote anew, where this kind of agent keeps documents instead of a log.
  mutating func takeDocuments() -> [DemoFleet.Change]
  /// Goes on in a transcript of its own; nil where this kind of agent goes on in the same one.
  mutating func resume() -> Resumption?
  /// A writer for a sub-agent of this one.
  mutating func subagent(_ id: String) -> (any TranscriptWriter)?
}

extension TranscriptWriter {
  mutating func takeDocuments() -> [DemoFleet.Change] { [] }
  mutating func resume() -> Resumption? { nil }
  mutating func subagent(_ id: String) -> (any TranscriptWriter)? { nil }
}

struct OpenCall: Sendable {
  let id: String
  let tool: DemoTool
  /// ms since the Unix epoch.
  let time: Int64
}

/// A transcript that begins with another one's records under its own session id.
struct Resumption: Sendable {
  let path: String
  let session: String
  let newPath: String
  let newSession: String
}

/// A worker's surroundings, as its records name them.
struct Workplace: Sendable {
  let project: String
  let branch: String
  let model: String

  var folder: String { "/home/dev/\(project)" }

  func path(_ file: String) -> String { folder + "/" + file }
}

/// Writes as a process does that logs its own events: one object a line, into the drop folder.
struct EventLogWriter: TranscriptWriter {
  let path: String
  let openCalls: [OpenCall] = []

  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON] {
    guard case .log(let fields) = step else { return [] }
    return [JSON([("ts", JSON(Timestamp.format(time)))] + fields)]
  }

  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON] { [] }
}
