/// What a generated fleet holds, counted as it was written.
struct FleetCounts: Sendable, Equatable {
  var files = 0
  /// Bytes of transcript.
  var bytes = 0
  var lines = 0
  var sessions = 0
  var subagents = 0
  var prompts = 0
  var replies = 0
  var toolCalls = 0
  var toolResults = 0
  /// Events that workers stated in event blocks.
  var stated = 0

  static func += (sum: inout FleetCounts, more: FleetCounts) {
    sum.files += more.files
    sum.bytes += more.bytes
    sum.lines += more.lines
    sum.sessions += more.sessions
    sum.subagents += more.subagents
    sum.prompts += more.prompts
    sum.replies += more.replies
    sum.toolCalls += more.toolCalls
    sum.toolResults += more.toolResults
    sum.stated += more.stated
  }
}

/// A transcript that is being made, turn by turn.
protocol GeneratedTranscript {
  /// The session's.
  var id: String { get }
  /// Below the fleet's folder.
  var path: String { get }
  /// What has been written since it was last taken.
  var record: RecordBytes { get set }
  var counts: FleetCounts { get }
  /// ms since the Unix epoch, of the record written last.
  var time: Int64 { get set }
  /// Finished files of sub-agents.
  var subagents: [GeneratedFile] { get set }

  /// Writes one turn, from the prompt to its end.
  ///
  /// - Parameter rounds: how many times tools are called.
  mutating func turn(rounds: Int)
}

/// A file that is to be written.
struct GeneratedFile: Sendable {
  let path: String
  let bytes: [UInt8]
  /// ms since the Unix epoch.
  let modifiedAt: Int64
}
