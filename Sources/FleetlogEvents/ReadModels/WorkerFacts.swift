/// What the events of a run tell about its worker, without a clock: the row that the projection
/// `worker_states` keeps. What follows from it at a given moment is a ``WorkerState``.
package struct WorkerFacts: Sendable, Equatable {
  /// A moment that an event proves.
  package struct Mark: Sendable, Equatable {
    package let id: Int64
    /// ms since the Unix epoch.
    package let ts: Int64

    package init(id: Int64, ts: Int64) {
      self.id = id
      self.ts = ts
    }
  }

  /// Something that was said or asked.
  package struct Saying: Sendable, Equatable {
    package let mark: Mark
    package let type: EventType
    package let words: String
    /// Whether it hands something over that the operator has to look at.
    package let needsAction: Bool

    package init(mark: Mark, type: EventType, words: String, needsAction: Bool = false) {
      self.mark = mark
      self.type = type
      self.words = words
      self.needsAction = needsAction
    }
  }

  /// A tool call without a result.
  package struct OpenCall: Sendable, Equatable {
    package enum Kind: String, Sendable {
      case question, plan, delegation, other
      /// Asks to run outside the agent's sandbox.
      case escalated
    }

    package let mark: Mark
    package let label: String
    package let kind: Kind

    package init(mark: Mark, label: String, kind: Kind) {
      self.mark = mark
      self.label = label
      self.kind = kind
    }
  }

  package enum Turn: String, Sendable { case none, open, ended, interrupted, failed }

  /// How a process ended.
  package struct Exit: Sendable, Equatable {
    package let mark: Mark
    /// nil where the end is known and how it came is not.
    package let hasFailed: Bool?
    package let words: String

    package init(mark: Mark, hasFailed: Bool?, words: String) {
      self.mark = mark
      self.hasFailed = hasFailed
      self.words = words
    }
  }

  /// The newest event, the operator's included.
  package var last: Mark?
  /// The newest that the worker or its tools gave.
  package var output: Mark?
  /// What the operator, or the parent, last asked for.
  package var prompt: Saying?
  package var turn = Turn.none
  /// What opened or ended the turn.
  package var turnAt: Mark?
  /// Why the turn failed.
  package var error: String?
  /// The agent's text that nothing has followed yet.
  package var text: Mark?
  /// The question that text ends with.
  package var question: String?
  /// Oldest first; the newest few where there are many.
  package var openCalls: [OpenCall] = []
  /// The worker's last word on its own state.
  package var said: Saying?
  /// Calls since then.
  package var callsSinceSaid = 0
  /// What an agent's hook says it waits for, until something follows.
  package var waits: Saying?
  package var exit: Exit?
  /// What others, the operator above all, made of how it stands: `resolves` of all that it asked for.
  /// Not of the run's own events, and so no part of the projection: who asks of a moment sets it.
  package var answer: Mark?

  package init() {}

  /// Whether the worker said it before it was asked for something else.
  package var isSaidBeforePrompt: Bool {
    guard let said, let prompt else { return false }
    return said.mark.ts < prompt.mark.ts
  }

  /// Whether its last word no longer says how it stands.
  package var isSaidOver: Bool { isSaidBeforePrompt || said != nil && answer != nil }
}

// As text, for the projection.
extension WorkerFacts {
  package var json: JSONObject {
    var object = JSONObject()
    object.set("last", last?.json)
    object.set("output", output?.json)
    object.set("prompt", prompt?.json)
    object.set("turn", turn.rawValue)
    object.set("turn_at", turnAt?.json)
    object.set("error", error)
    object.set("text", text?.json)
    object.set("question", question)
    if !openCalls.isEmpty { object.set("open_calls", openCalls.map(\.json)) }
    object.set("said", said?.json)
    if callsSinceSaid > 0 { object.set("calls_since_said", callsSinceSaid) }
    object.set("waits", waits?.json)
    object.set("exit", exit?.json)
    return object
  }

  /// - Returns: nil for text that another version wrote.
  package init?(json text: String) {
    guard let value = try? JSONDocument(text).root,
      let turn = (value["turn"]?.string).flatMap(Turn.init)
    else { return nil }
    self.turn = turn
    last = value["last"].flatMap(Mark.init)
    output = value["output"].flatMap(Mark.init)
    prompt = value["prompt"].flatMap(Saying.init)
    turnAt = value["turn_at"].flatMap(Mark.init)
    error = value["error"]?.string
    self.text = value["text"].flatMap(Mark.init)
    question = value["question"]?.string
    openCalls = value["open_calls"]?.elements.compactMap(OpenCall.init) ?? []
    said = value["said"].flatMap(Saying.init)
    callsSinceSaid = value["calls_since_said"]?.int ?? 0
    waits = value["waits"].flatMap(Saying.init)
    exit = value["exit"].flatMap(Exit.init)
  }
}

extension WorkerFacts.Mark {
  var json: JSONObject {
    var object = JSONObject()
    object.set("id", id)
    object.set("ts", ts)
    return object
  }

  init?(_ value: JSONValue) {
    guard let id = value["id"]?.int, let ts = value["ts"]?.int else { return nil }
    self.init(id: Int64(id), ts: Int64(ts))
  }
}

extension WorkerFacts.Saying {
  fileprivate var json: JSONObject {
    var object = mark.json
    object.set("type", type.rawValue)
    object.set("words", words)
    if needsAction { object.set("needs_action", true) }
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let mark = WorkerFacts.Mark(value), let type = value["type"]?.string,
      let words = value["words"]?.string
    else { return nil }
    self.init(
      mark: mark, type: EventType(rawValue: type), words: words,
      needsAction: value["needs_action"]?.bool ?? false)
  }
}

extension WorkerFacts.OpenCall {
  fileprivate var json: JSONObject {
    var object = mark.json
    object.set("label", label)
    object.set("kind", kind.rawValue)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let mark = WorkerFacts.Mark(value), let label = value["label"]?.string,
      let kind = (value["kind"]?.string).flatMap(Kind.init)
    else { return nil }
    self.init(mark: mark, label: label, kind: kind)
  }
}

extension WorkerFacts.Exit {
  fileprivate var json: JSONObject {
    var object = mark.json
    object.set("failed", hasFailed)
    object.set("words", words)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let mark = WorkerFacts.Mark(value), let words = value["words"]?.string else { return nil }
    self.init(mark: mark, hasFailed: value["failed"]?.bool, words: words)
  }
}
