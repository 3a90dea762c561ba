import FleetlogEvents

/// What a reader of a rollout remembers between two lines. Every collection is bounded.
struct CodexMemory: Codable {
  var session = Session()
  var lastTime: Int64?
  /// The last `turn_context`'s settings.
  var settings: Settings?
  var usageTotal: String?
  var calls = Calls()
  var texts = TextsTold()
  var openMessage: OpenMessage?
  /// The event blocks of the turn.
  var contract: ContractUse?
  /// Threads whose start by this one has been told.
  var spawned: [String] = []
  /// Whether this build writes where turns begin and end.
  var statesTurns = false
  /// The last thing said, while nothing shows that the model went on: the end of a turn in
  /// builds that don't write one.
  var finalMessage: FinalMessage?

  struct Session: Codable {
    var id = ""
    /// ms since the Unix epoch; the earliest time that the first `session_meta` tells.
    var start: Int64?
    var isSubAgent = false
    /// Whether the file may begin with another thread's records.
    var mayHoldCopies = false
    /// Made up from the first record, as no `session_meta` has been read yet.
    var isUnnamed = false
    /// The thread whose records are being passed over, from a second `session_meta` on.
    var copiedThread: String?
    var copiedRecords = 0
    var lastCopyTime: Int64?

    var run: RunIdentity {
      RunIdentity(
        key: CodexKey.run(id),
        instanceID: "codex-" + id.suffix(8).drop { $0 == "-" },
        role: isSubAgent ? "subagent" : "worker", sessionID: id)
    }
  }

  struct Settings: Codable, Equatable {
    var model: String?
    var approvalPolicy: String?
    var sandbox: String?
    var effort: String?
    var cwd: String?
  }

  struct FinalMessage: Codable {
    let key: String
    let ts: Int64
    let offset: Int64
    let length: Int64
  }

  mutating func firstMention(ofSpawned thread: String) -> Bool {
    guard !spawned.contains(thread) else { return false }
    spawned.append(thread)
    if spawned.count > 256 { spawned.removeFirst() }
    return true
  }
}

/// Calls whose output is still to come, the newest 256, and the last 32 that were answered.
struct Calls: Codable {
  private static let limit = 256
  private static let answeredLimit = 32

  struct Call: Codable {
    let id: String?
    /// The key of the `tool_call` event.
    let key: String
    let tool: String
    let label: String
    /// ms since the Unix epoch.
    let ts: Int64
    /// What the call's `…_end` event told before its output came.
    var exitCode: Int?
    var durationMS: Int?
    var failed: Bool?
  }

  private var open: [Call] = []
  private var answered: [Call] = []
  private var spawnIDs: [String] = []

  mutating func add(_ call: Call) {
    open.append(call)
    if open.count > Self.limit { open.removeFirst() }
  }

  /// Takes the call that an output answers: by its id, or where outputs carry none, the oldest
  /// open one of the same tool.
  mutating func answer(id: String?, tool: String?) -> Call? {
    let index =
      id.map { id in open.lastIndex { $0.id == id } }
      ?? open.firstIndex { $0.id == nil && (tool == nil || $0.tool == tool) }
    guard let index else { return nil }
    let call = open.remove(at: index)
    answered.append(call)
    if answered.count > Self.answeredLimit { answered.removeFirst() }
    return call
  }

  /// Notes what an `…_end` event tells about a call.
  ///
  /// - Returns: false where the call was never seen.
  mutating func enrich(id: String, exitCode: Int?, durationMS: Int?, failed: Bool?) -> Bool {
    guard let index = open.lastIndex(where: { $0.id == id }) else {
      return answered.contains { $0.id == id }
    }
    open[index].exitCode = exitCode ?? open[index].exitCode
    open[index].durationMS = durationMS ?? open[index].durationMS
    open[index].failed = failed ?? open[index].failed
    return true
  }

  /// An open call, or one answered a moment ago.
  subscript(id: String) -> Call? {
    open.last { $0.id == id } ?? answered.last { $0.id == id }
  }

  /// Whether a spawning call's id is new to the thread; some models' servers use ids again.
  mutating func isFirstSpawn(_ id: String) -> Bool {
    guard !spawnIDs.contains(id) else { return false }
    spawnIDs.append(id)
    if spawnIDs.count > Self.limit { spawnIDs.removeFirst() }
    return true
  }
}

/// Texts that one family of records has told and another may tell again.
///
/// Twins stand close to each other, so a text is remembered for 64 lines and not beyond the
/// completion of its turn; beyond an interruption it is, since the twins of what was cut off
/// follow it. A text that the same family tells twice is two messages; the same text told once by
/// each family in two neighbouring turns cannot be told from twins and counts as one.
struct TextsTold: Codable {
  enum Kind: String, Codable { case prompt, answer, thought, compaction }

  private struct Entry: Codable {
    let kind: Kind
    let text: String
    var families: [String]
    let line: Int
  }

  private static let reach = 64
  private var entries: [Entry] = []

  /// Whether another family has told this text; if so, this family is noted to have told it too.
  mutating func isTold(
    _ kind: Kind, _ text: String, by family: String, line: Int
  ) -> Bool {
    entries.removeAll { $0.line < line - Self.reach }
    let print = TextsTold.print(text)
    let match = entries.firstIndex {
      $0.kind == kind && $0.text == print && !$0.families.contains(family)
    }
    guard let match else { return false }
    entries[match].families.append(family)
    return true
  }

  mutating func tell(_ kind: Kind, _ text: String, by family: String, line: Int) {
    entries.append(
      Entry(kind: kind, text: TextsTold.print(text), families: [family], line: line))
    if entries.count > 2 * Self.reach { entries.removeFirst() }
  }

  mutating func endTurn() { entries.removeAll { $0.kind != .compaction } }

  private static func print(_ text: String) -> String {
    var key = FactKey()
    key.add(text.trimmed)
    return key.fingerprint()
  }
}
