import FleetlogEvents
import FleetlogStore

/// A session in the order in which people read it, a stretch at a time: each sub-agent's events stand
/// together at the place where it started, results right behind their calls.
///
/// A lane is read ahead so far that a result is found although other things happened before it came;
/// one that came later still stands by itself.
struct SessionLanes: Sendable {
  enum Step {
    case events([StoredEvent])
    /// A sub-agent begins; what follows is its own up to its ``end``.
    case begin(RunSummary, first: StoredEvent)
    case end
  }

  private struct Item: Sendable {
    let event: StoredEvent
    /// What a call and its result have in common.
    let call: String?
  }

  private struct Lane: Sendable {
    /// nil for the session's own.
    let run: RunSummary?
    var filter: EventFilter
    var items: ArraySlice<Item> = []
    var isRead = false
    /// Sub-agents that start here, the earliest first.
    var children: ArraySlice<RunSummary>
  }

  /// Events that one step gives at most, and how many more are read ahead.
  private static let stretch = 200
  private static let ahead = 200
  private static let mostDepth = 16

  private let log: EventLog
  private let subagents: Set<Int64>
  private var children: [Int64: [RunSummary]] = [:]
  private var lanes: [Lane] = []
  /// Makes events fit to leave the log, and knows what was taken out and cut so far.
  var preparation: Preparation

  init(_ detail: SessionDetail, from log: EventLog, _ preparation: Preparation) {
    self.log = log
    self.preparation = preparation
    let agents = detail.runs.dropFirst().filter { $0.parentID != nil && $0.role == "subagent" }
    let byID = Dictionary(agents.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    subagents = Set(byID.keys)
    for agent in byID.values.sorted(by: { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }) {
      children[Self.place(of: agent, byID), default: []].append(agent)
    }
    var filter = EventFilter()
    filter.sessions = [detail.session.id]
    filter.sort = .oldest
    lanes = [Lane(run: nil, filter: filter, children: (children[0] ?? [])[...])]
  }

  /// The sub-agent that started another, 0 for the session itself. Parents come from transcripts:
  /// those that go round in a circle are the session's.
  private static func place(of agent: RunSummary, _ agents: [Int64: RunSummary]) -> Int64 {
    var ancestor = agent
    for _ in 0..<mostDepth {
      guard let parent = ancestor.parentID.flatMap({ agents[$0] }) else {
        return agent.parentID.flatMap { agents[$0]?.id } ?? 0
      }
      ancestor = parent
    }
    return 0
  }

  /// - Returns: nil at the end.
  mutating func next() throws(StoreError) -> Step? {
    while !lanes.isEmpty {
      try readAhead()
      if let step = try takeEvents() { return step }
      if let child = lanes[lanes.count - 1].children.popFirst() {
        if let step = try begin(child) { return step }
        continue
      }
      if lanes.removeLast().run != nil { return .end }
    }
    return nil
  }

  private mutating func readAhead() throws(StoreError) {
    let top = lanes.count - 1
    while !lanes[top].isRead, lanes[top].items.count < Self.stretch + Self.ahead {
      let (rows, next) = try log.series(lanes[top].filter, limit: EventFilter.limits.upperBound)
      lanes[top].filter.after = next
      lanes[top].isRead = next == nil
      for row in rows {
        if lanes[top].run == nil, subagents.contains(row.event.runID) { continue }
        let event = preparation.event(row.event)
        lanes[top].items.append(Item(event: event, call: Self.call(event)))
      }
    }
  }

  private static func call(_ event: StoredEvent) -> String? {
    guard event.type == .toolCall || event.type == .toolResult,
      let id = event.payloadObject?["tool_use_id"]?.string
    else { return nil }
    // One id in two runs is two calls.
    return "\(event.runID) \(id)"
  }

  /// The events up to the next sub-agent, with the results of their calls from behind it.
  private mutating func takeEvents() throws(StoreError) -> Step? {
    let top = lanes.count - 1
    var taken: [Item] = []
    while taken.count < Self.stretch, let item = lanes[top].items.first {
      if let child = lanes[top].children.first,
        (child.startedAt, child.id) <= (item.event.ts, item.event.id)
      {
        break
      }
      taken.append(item)
      lanes[top].items.removeFirst()
    }
    guard !taken.isEmpty else { return nil }
    var open = Set(taken.lazy.filter { $0.event.type == .toolCall }.compactMap(\.call))
    for item in taken where item.event.type == .toolResult { item.call.map { _ = open.remove($0) } }
    if !open.isEmpty {
      var rest: [Item] = []
      for item in lanes[top].items {
        if item.event.type == .toolResult, let call = item.call, open.remove(call) != nil {
          taken.append(item)
        } else {
          rest.append(item)
        }
      }
      lanes[top].items = rest[...]
    }
    return .events(taken.map(\.event))
  }

  /// A sub-agent of which this session shows nothing has no place in it.
  private mutating func begin(_ child: RunSummary) throws(StoreError) -> Step? {
    guard lanes.count < Self.mostDepth else { return nil }
    var filter = lanes[0].filter
    filter.after = nil
    filter.runs = [child.id]
    let below = children[child.id] ?? []
    lanes.append(Lane(run: child, filter: filter, children: below[...]))
    try readAhead()
    guard let first = lanes[lanes.count - 1].items.first?.event else {
      lanes.removeLast()
      // Whoever it started may have said something all the same.
      lanes[lanes.count - 1].children = (below + lanes[lanes.count - 1].children)[...]
      return nil
    }
    return .begin(preparation.redaction.run(child), first: first)
  }
}

/// What is done to an event before it leaves the log: secrets are taken out, long texts cut to what
/// the document carries of each.
struct Preparation: Sendable {
  var redaction: Redaction
  /// Bytes of each text.
  let limit: Int
  private(set) var cutTexts = 0
  /// Of those texts, what is not in the document.
  private(set) var cutBytes = 0

  /// Bytes of long texts that a whole document carries.
  private static let budget = 12 << 20
  private static let limits = (1 << 10)...(32 << 10)

  /// - Parameter texts: about how many long texts there will be.
  init(_ redaction: Redaction, texts: Int) {
    self.redaction = redaction
    limit = min(max(Self.budget / max(texts, 1), Self.limits.lowerBound), Self.limits.upperBound)
  }

  mutating func event(_ event: StoredEvent) -> StoredEvent {
    var event = redaction.event(event)
    guard let payload = event.payload, payload.utf8.count > limit, let root = event.payloadObject
    else { return event }
    let cap = TextCap(limit: limit) { _ in "" }
    var object = JSONObject()
    for member in root.members where !object.contains(member.key) {
      // What was cut when it was recorded is cut again by its halves.
      object.set(member.key, root[member.key], cap: cap)
    }
    let kept = object.text
    guard kept.utf8.count < payload.utf8.count else { return event }
    cutTexts += 1
    cutBytes += payload.utf8.count - kept.utf8.count
    event = event.with(payload: kept)
    return event
  }
}
