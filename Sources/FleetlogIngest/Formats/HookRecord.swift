import FleetlogEvents

/// The agents whose hooks are understood.
enum HookAgent: String, Codable {
  case claude, codex

  /// A run as the agent's transcript names it.
  func run(session: String, agentID: String?) -> RunIdentity {
    switch self {
    case .claude: return ClaudeFormat.identity(session: session, agentID: agentID)
    case .codex:
      var thread = CodexMemory.Session()
      thread.id = session
      return thread.run
    }
  }
}

/// One line of the hooks' file: what an agent said, and when.
struct HookRecord {
  let line: RawLine
  let agent: HookAgent
  /// ms since the Unix epoch: when the hook was run, as its document carries no time.
  let at: Int64
  let document: JSONValue
  /// The hook's name, such as `Notification`; for Codex's `notify` the notice's.
  let name: String
  let session: String
  let agentID: String?
  /// What names the agent's process, where the hook told it.
  let process: JSONValue?

  /// Why a line could not be taken.
  struct Refusal: Error { let reason: String }

  static func read(_ value: JSONValue, line: RawLine) -> Result<HookRecord, Refusal> {
    func refused(_ reason: String) -> Result<HookRecord, Refusal> {
      .failure(Refusal(reason: reason))
    }
    guard value["fleetlog_hook"]?.int == 1 else { return refused("not a hook's line of version 1") }
    guard let at = value["at"]?.int, (0..<253_402_300_800_000).contains(at) else {
      return refused("a hook's line without a time")
    }
    guard let document = value["document"], document.isObject else {
      return refused(value.name("refused") ?? "a hook's line without a document")
    }
    guard let name = document.name("hook_event_name") ?? document.name("type") else {
      return refused("a hook's document that names no hook")
    }
    guard let session = document.name("session_id") ?? document.name("thread-id") else {
      return refused("a hook's document that names no session")
    }
    return .success(
      HookRecord(
        line: line, agent: agent(value, document), at: Int64(at), document: document, name: name,
        session: session, agentID: document.name("agent_id").map(bare),
        process: value["process"].flatMap { $0.isObject ? $0 : nil }))
  }

  /// As the transcript has it, whose file puts a word before it.
  private static func bare(_ agentID: String) -> String {
    agentID.hasPrefix("agent-") && agentID.count > 6 ? String(agentID.dropFirst(6)) : agentID
  }

  /// The agent that the installed command names, else the one whose document has this shape.
  private static func agent(_ value: JSONValue, _ document: JSONValue) -> HookAgent {
    if let named = value.name("agent").flatMap(HookAgent.init) { return named }
    let isRollout = document.name("transcript_path")?.contains(bytesOf: "/rollout-") ?? false
    return document["thread-id"] != nil || document["turn_id"] != nil || isRollout
      ? .codex : .claude
  }

  var cwd: String? { document.name("cwd") }

  var run: RunIdentity { agent.run(session: session, agentID: agentID) }

  /// The same record as one of the session itself.
  var ofSession: HookRecord {
    HookRecord(
      line: line, agent: agent, at: at, document: document, name: name, session: session,
      agentID: nil, process: process)
  }

  var startSummary: String {
    if agentID != nil { return "Sub-agent started" }
    switch agent {
    case .claude:
      let folder = cwd?.split { $0 == "/" || $0 == "\\" }.last.map { " in " + $0 }
      return "Claude Code session started" + (folder ?? "")
    case .codex: return "Codex started" + (cwd.map { " in " + $0 } ?? "")
    }
  }

  /// The document and its moment make the fact, wherever the line stands.
  func key(of type: EventType) -> String {
    var key = FactKey()
    key.add(agent.rawValue)
    key.add(type.rawValue)
    key.add(document)
    key.add(String(at))
    return key.text(prefix: "h", ts: at)
  }

  var fingerprint: String {
    var key = FactKey()
    key.add(document)
    return key.fingerprint()
  }
}

/// What the reader of hooks must remember between two lines. Everything in it is bounded.
struct HookMemory: Codable {
  /// Runs whose start was told, by key.
  var runs = NewestNames(limit: 512)
  var sessions = Sessions()
  /// Turns that ended, oldest first, until the file is quiet.
  var turnEnds: [TurnEnd] = []
  private var recent: [Recent] = []

  static let turnEndLimit = 64

  private struct Recent: Codable {
    let print: String
    let at: Int64
  }

  /// Whether a document was told a moment ago: hooks may be set in several of an agent's settings
  /// at once, and each then tells the same.
  mutating func isRepeated(_ record: HookRecord) -> Bool {
    let print = record.fingerprint
    if recent.contains(where: { $0.print == print && abs($0.at - record.at) < 1000 }) {
      return true
    }
    recent.append(Recent(print: print, at: record.at))
    if recent.count > 16 { recent.removeFirst() }
    return false
  }

  struct TurnEnd: Codable {
    let hook: String
    let agent: HookAgent
    let session: String
    let agentID: String?
    let at: Int64
    let offset: Int64
    let length: Int64
    let key: String
    let turnID: String?
    /// The gist of what the agent said last.
    let saying: String?

    var run: RunIdentity { agent.run(session: session, agentID: agentID) }
  }

  struct Session: Codable {
    /// The permission that was asked for last and is not known to be answered.
    var permission: Permission?
    /// The tool call that was announced last.
    var call: Call?
  }

  struct Permission: Codable {
    let at: Int64
    /// Whether the notification that follows a prompt has come.
    var isNotified = false
  }

  /// A tool call by what a prompt for it repeats.
  struct Call: Codable, Equatable {
    let id: String
    let tool: String
    let input: String

    init?(_ record: HookRecord) {
      guard let id = record.document.name("tool_use_id") else { return nil }
      self.id = id
      tool = record.document.name("tool_name") ?? ""
      input = Call.print(record)
    }

    func asks(_ record: HookRecord) -> Bool {
      tool == record.document.name("tool_name") && input == Call.print(record)
    }

    private static func print(_ record: HookRecord) -> String {
      var key = FactKey()
      key.add(record.document["tool_input"])
      return key.fingerprint()
    }
  }

  struct Sessions: Codable {
    private var entries = NewestEntries<Session>(limit: 256)

    subscript(_ record: HookRecord) -> Session { entries[Self.name(record)] ?? Session() }

    mutating func note(_ record: HookRecord, _ change: (inout Session) -> Void) {
      var session = self[record]
      change(&session)
      entries.put(session, for: Self.name(record))
    }

    /// A notification does not always say that a sub-agent caused it, so one session's prompts are
    /// kept together.
    private static func name(_ record: HookRecord) -> String {
      record.agent.rawValue + ":" + record.session
    }
  }
}

/// Names, of which the newest are kept.
struct NewestNames: Codable {
  private let limit: Int
  private var names: [String] = []

  init(limit: Int) { self.limit = limit }

  /// - Returns: whether the name is new.
  mutating func add(_ name: String) -> Bool {
    guard !names.contains(name) else { return false }
    names.append(name)
    if names.count > limit { names.removeFirst() }
    return true
  }
}
