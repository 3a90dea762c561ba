import FleetlogEvents

/// What the Claude Code reader must remember between two lines of one file. Everything in it is
/// bounded, since a file may run to gigabytes.
struct ClaudeMemory: Codable, Sendable {
  /// The newest time that a record of the file carried, in ms.
  var time: Int64?
  /// The time of the first record that had one, in ms: that of the notes before it.
  var opensAt: Int64?
  /// The session that was named last.
  var session: String?
  /// The uuids of the newest records, newest last.
  var recentUUIDs: [String] = []
  /// Bare notes at the top of the file, held until a record shows where the session lives.
  var opening: [HeldLine]? = []
  /// The session whose compaction was announced, and whose summary is still to come.
  var compactedSession: String?
  var agents: [String: ClaudeAgent] = [:]
  var calls = NewestEntries<ClaudeCall>(limit: 512)
  /// The sub-agent of each line of an inline sidechain, by uuid.
  var sidechains = NewestEntries<String>(limit: 512)
  /// Lines read, to find the agent that was quiet for longest.
  var lineCount = 0

  struct HeldLine: Codable {
    let offset: Int64
    let number: Int
    let text: String
  }

  mutating func remember(uuid: String) {
    if recentUUIDs.count >= 32 { recentUUIDs.removeFirst() }
    recentUUIDs.append(uuid)
  }

  static let agentLimit = 128
  static let openingLimit = 64
  static let openingByteLimit = 256 << 10
}

/// A session or one of its sub-agents: what is open in it.
struct ClaudeAgent: Codable, Sendable {
  var session: String
  var agentID: String?
  var lastLine = 0
  var turn = Turn.unknown
  /// When the turn's prompt was given, in ms; nil where the file does not show it.
  var turnStart: Int64?
  var turnCalls = 0
  /// A response that claims the turn's end although only its thinking was seen.
  var claimedEnd: ClaudeAnchor?
  var response: ClaudeResponse?
  var messageID: String?
  var message: OpenMessage?
  /// The event blocks of the turn.
  var contract: ContractUse?
  /// How often the message was taken for finished already.
  var messageEnds = 0

  enum Turn: String, Codable { case unknown, open, ended }
}

/// A tool call, for its result.
struct ClaudeCall: Codable, Sendable {
  /// The key of the call's event.
  let key: String
  let tool: String
  /// The call in words.
  let label: String
  /// ms; nil where the call's record carried no time.
  let time: Int64?
  let ts: Int64
  /// Names the prompt that was given to a sub-agent.
  let prompt: String?
  let session: String
  let agentID: String?
  /// The sub-agents that are known to have been spawned by the call.
  var spawned: [String] = []
}

/// A model's response, whose figures are known when its last line is.
struct ClaudeResponse: Codable, Equatable {
  let id: String
  let messageID: String?
  let requestID: String?
  var model: String?
  var stopReason: String?
  var usage: Usage?
  /// The time of its first line, which its key begins with however many lines follow, in ms.
  let time: Int64?
  var anchor: ClaudeAnchor
  /// The figures that were written already.
  var written: Usage?
  var isWritten = false

  /// Tokens.
  struct Usage: Codable, Equatable {
    var input = 0
    var output = 0
    var cacheRead = 0
    var cacheWrite = 0
    /// Of these, to a cache that lasts an hour; nil where the source does not tell.
    var cacheWriteHour: Int?

    var context: Int { [input, cacheRead, cacheWrite].reduce(0) { $0.addingClamped($1) } }
  }
}

/// Where a fact stood that is written later.
struct ClaudeAnchor: Codable, Equatable {
  let ts: Int64
  let offset: Int64
  let length: Int64
  /// The idempotency key of the fact, or of the event that it belongs to; empty for none.
  let key: String

  var span: SourceSpan { SourceSpan(offset: offset, length: length) }

  init(_ place: ClaudePlace, key: String) {
    ts = place.ts
    offset = place.record.line.offset
    length = Int64(place.record.line.bytes.count)
    self.key = key
  }
}

extension Int {
  /// The sum, or the greatest number where it would overflow: figures come from outside.
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
