/// One task as its events tell it: when it was planned and given to workers, what came of it.
package struct TaskSummary: Sendable, Equatable {
  /// A moment of the task's life that a picture shows, and the event that tells it.
  package struct Mark: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
      case planned, dispatched, pr, critique, blocked, stuck, crashed, merging, merged, completed,
        failed, compensated
    }

    package let kind: Kind
    /// ms since the Unix epoch.
    package let ts: Int64
    package let event: Int64

    package init(kind: Kind, ts: Int64, event: Int64) {
      self.kind = kind
      self.ts = ts
      self.event = event
    }
  }

  /// How it stands with the task.
  package enum Status: String, Sendable, CaseIterable {
    case planned, running, stuck, crashed, blocked
    case prOpen = "pr_open"
    case merging, completed, merged, failed, compensated
    /// Nothing tells.
    case unknown
  }

  /// `issue:<n>`.
  package let id: String
  package var title: String?
  /// The runner's ticks in which it was named, lowest first.
  package var ticks: [Int] = []
  /// Who worked on it, by the runner's names.
  package var workers: [String] = []
  /// The highest attempt that a record numbers.
  package var numberedAttempts = 0
  package var prURL: String?
  /// When that pull request was last named.
  package var prAt: Int64 = .min
  /// What the runner calls its end: `merged`, `open`, `failed`, `timeout`, …
  package var terminal: String?
  package var firstAt: Int64
  package var lastAt: Int64
  /// The newest event's place in the log.
  package var lastSequence: Int64 = 0
  package var lastSummary = ""
  package var events = 0
  /// Oldest first; the first and the newest of a long life.
  package var marks: [Mark] = []

  package static let most = 64

  package init(id: String, at ts: Int64) {
    self.id = id
    firstAt = ts
    lastAt = ts
  }

  /// The number in the id.
  package var issue: Int? { Int(id.dropFirst(Self.prefix.count)) }

  package static let prefix = "issue:"

  /// The id of an issue's task.
  package static func id(ofIssue issue: Int) -> String { prefix + String(issue) }

  /// Whether a text is the id of a task.
  package static func isID(_ text: some StringProtocol) -> Bool {
    guard text.hasPrefix(prefix), text.utf8.count <= prefix.utf8.count + 19 else { return false }
    let digits = text.dropFirst(prefix.count)
    return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && (digits == "0" || digits.first != "0")
  }

  package func first(_ kind: Mark.Kind) -> Int64? { marks.first { $0.kind == kind }?.ts }

  package var isPlanned: Bool { first(.planned) != nil }

  package var isDispatched: Bool { first(.dispatched) != nil }

  /// How often it was given to a worker, as far as the records number or show it.
  package var attempts: Int {
    var count = 0
    var last: Int64?
    for mark in marks where mark.kind == .dispatched {
      // A runner says by two records that a worker was dispatched: one attempt.
      if last.map({ mark.ts - $0 > Self.sameDispatch }) ?? true { count += 1 }
      last = mark.ts
    }
    return max(numberedAttempts, count)
  }

  /// ms within which two records of a dispatch are of one.
  private static let sameDispatch: Int64 = 5000

  /// The end of the task, if it was not taken up again after it.
  package var end: Mark? {
    guard let end = marks.last(where: { Self.ends.contains($0.kind) }) else { return nil }
    let isTakenUp = marks.contains { $0.kind == .dispatched && $0.ts > end.ts }
    return isTakenUp ? nil : end
  }

  private static let ends: Set<Mark.Kind> = [.completed, .failed, .compensated]

  package var status: Status {
    let last = marks.last { $0.kind != .critique }
    if let end {
      switch end.kind {
      case .failed: return .failed
      case .compensated: return .compensated
      default:
        if terminal == "merged" || marks.contains(where: { $0.kind == .merged }) { return .merged }
        // An open pull request is an end for the runner's tick, not for the work.
        return terminal == "open" ? .prOpen : .completed
      }
    }
    if let merged = first(.merged),
      !marks.contains(where: { $0.kind == .dispatched && $0.ts > merged })
    {
      return .merged
    }
    switch last?.kind {
    case .planned: return .planned
    case .dispatched: return .running
    case .pr: return .prOpen
    case .stuck: return .stuck
    case .crashed: return .crashed
    case .blocked: return .blocked
    case .merging: return .merging
    default: return .unknown
    }
  }
}

// As text, for the projection.
extension TaskSummary {
  package var json: JSONObject {
    var object = JSONObject()
    object.set("id", id)
    object.set("title", title)
    object.set("ticks", json: "[" + ticks.map(String.init).joined(separator: ",") + "]")
    object.set("workers", workers)
    object.set("numbered_attempts", numberedAttempts)
    object.set("pr_url", prURL)
    if prURL != nil { object.set("pr_at", prAt) }
    object.set("terminal", terminal)
    object.set("first_at", firstAt)
    object.set("last_at", lastAt)
    object.set("last_sequence", lastSequence)
    object.set("last_summary", lastSummary)
    object.set("events", events)
    object.set("marks", marks.map(\.json))
    return object
  }

  /// - Returns: nil for text that another version wrote.
  package init?(json text: String) {
    guard let value = try? JSONDocument(text).root, let id = value["id"]?.string,
      let first = value["first_at"]?.int, let last = value["last_at"]?.int
    else { return nil }
    self.init(id: id, at: Int64(first))
    lastAt = Int64(last)
    title = value["title"]?.string
    ticks = value["ticks"]?.elements.compactMap(\.int) ?? []
    workers = value["workers"]?.elements.compactMap(\.string) ?? []
    numberedAttempts = value["numbered_attempts"]?.int ?? 0
    prURL = value["pr_url"]?.string
    prAt = value["pr_at"]?.int.map { Int64($0) } ?? .min
    terminal = value["terminal"]?.string
    lastSequence = Int64(value["last_sequence"]?.int ?? 0)
    lastSummary = value["last_summary"]?.string ?? ""
    events = value["events"]?.int ?? 0
    marks = value["marks"]?.elements.compactMap(Mark.init) ?? []
  }
}

extension TaskSummary.Mark {
  package var json: JSONObject {
    var object = JSONObject()
    object.set("kind", kind.rawValue)
    object.set("ts", ts)
    object.set("event_id", event)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let kind = (value["kind"]?.string).flatMap(Kind.init), let ts = value["ts"]?.int,
      let event = value["event_id"]?.int
    else { return nil }
    self.init(kind: kind, ts: Int64(ts), event: Int64(event))
  }
}

/// Some tasks of a log, the one last active first.
package struct TaskPage: Sendable {
  package let tasks: [TaskSummary]
  package let next: String?
  package let total: Int

  package init(tasks: [TaskSummary], next: String?, total: Int) {
    self.tasks = tasks
    self.next = next
    self.total = total
  }
}

/// How events come to tasks: pure, and handed to whoever keeps the projection.
package struct TaskProjection: Sendable {
  /// The id of the task that an event is about; nil for none.
  package let task: @Sendable (StoredEvent) -> String?
  /// Folds an event into its task.
  package let apply: @Sendable (StoredEvent, inout TaskSummary) -> Void

  package init(
    task: @escaping @Sendable (StoredEvent) -> String?,
    apply: @escaping @Sendable (StoredEvent, inout TaskSummary) -> Void
  ) {
    self.task = task
    self.apply = apply
  }
}
