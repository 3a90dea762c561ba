import FleetlogEvents

/// Puts a session's events into the shape in which people read them: results beneath their calls,
/// each sub-agent's events folded at the place where it started.
struct Transcript {
  let events: [StoredEvent]
  /// The session's own run first.
  let runs: [RunSummary]
  /// ms since the Unix epoch.
  let now: Int64
  /// Contradictions by each event that is a side of one.
  let contradictions: [Int64: Int64]
  /// By event: the one that the lanes show it by.
  let places: [Int64: Int64]
  /// Where an event stands among all others; nil where they are here.
  private let context: ((Int64) -> String)?
  /// Bytes of Markdown that one page takes in; what follows is shown as it is.
  private static let mostMarkdown = 512 << 10
  /// The day that what stands before it ends with, as days since the epoch.
  var day: Int64?
  private let template: Template<TranscriptEntry>
  private let subagents: [Int64: RunSummary]

  init(
    events: [StoredEvent], runs: [RunSummary], contradictions: [Int64: Int64] = [:],
    places: [Int64: Int64] = [:], context: ((Int64) -> String)? = nil, now: Int64,
    template: Template<TranscriptEntry>
  ) {
    self.contradictions = contradictions
    self.places = places
    self.context = context
    self.events = events
    self.runs = runs
    self.now = now
    self.template = template
    subagents = Dictionary(
      runs.dropFirst().filter { $0.parentID != nil && $0.role == "subagent" }.map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// An entry, or the place of a sub-agent.
  private enum Item {
    case entry(TranscriptEntry)
    case run(Int64)
  }

  func fill() -> SafeHTML {
    var items: [Int64: [Item]] = [:]
    var results = results()
    var markdown = 0
    for event in events where !results.paired.contains(event.id) {
      let lane = lane(of: event)
      open(lane, in: &items)
      if event.type == .llmCallCompleted, attach(event, to: &items[lane, default: []]) { continue }
      let payload = event.payloadObject
      let result = callID(event, payload).flatMap { results.byCall.removeValue(forKey: $0) }
      if event.type == .messageAssistant { markdown += event.payload?.utf8.count ?? 0 }
      var entry = TranscriptEntry(
        event, payload: payload, result: result, isMarkdown: markdown <= Self.mostMarkdown, now: now
      )
      entry.laneURL = (places[event.id] ?? result.flatMap { places[$0.event.id] }).map { "#s\($0)" }
      entry.contextURL = context?(event.id)
      entry.contradiction =
        contradictions[event.id] ?? result.flatMap { contradictions[$0.event.id] }
      items[lane, default: []].append(.entry(entry))
    }
    return fill(trunk, items)
  }

  /// Puts a response's figures beside the last thing the model said or did.
  private func attach(_ event: StoredEvent, to items: inout [Item]) -> Bool {
    for index in items.indices.reversed().prefix(4) {
      guard case .entry(let entry) = items[index] else { continue }
      guard entry.isModels else { continue }
      guard entry.usage == nil else { return false }
      items[index] = .entry(entry.with(usage: event))
      return true
    }
    return false
  }

  private var trunk: Int64 { runs.first?.id ?? 0 }

  /// The sub-agent that an event belongs to; everything else stands on the trunk.
  private func lane(of event: StoredEvent) -> Int64 {
    subagents[event.runID] == nil ? trunk : event.runID
  }

  /// Puts a sub-agent's place into that of its parent, once.
  private func open(_ lane: Int64, in items: inout [Int64: [Item]]) {
    guard lane != trunk, items[lane] == nil else { return }
    items[lane] = []
    let place = place(of: lane)
    open(place, in: &items)
    items[place, default: []].append(.run(lane))
  }

  /// The sub-agent that spawned another. Parents come from transcripts: those that go round in a
  /// circle, or deeper than anyone reads, stand on the trunk.
  private func place(of lane: Int64) -> Int64 {
    var ancestor = lane
    for _ in 0..<Self.maximumDepth {
      guard let parent = subagents[ancestor]?.parentID, subagents[parent] != nil else {
        return subagents[lane]?.parentID.flatMap { subagents[$0]?.id } ?? trunk
      }
      ancestor = parent
    }
    return trunk
  }

  private static let maximumDepth = 16

  private func fill(_ lane: Int64, _ items: [Int64: [Item]]) -> SafeHTML {
    var day = lane == trunk ? self.day : nil
    let entries = (items[lane] ?? []).map { item in
      var entry =
        switch item {
        case .entry(let entry): entry
        case .run(let id): subagent(id, items)
        }
      if let ts = entry.event?.ts {
        entry.beginsDay = ts / 86_400_000 != day && lane == trunk
        day = ts / 86_400_000
      }
      return entry
    }
    return template.fill(entries)
  }

  private func subagent(_ id: Int64, _ items: [Int64: [Item]]) -> TranscriptEntry {
    let entries = items[id] ?? []
    let count = Wording.plural(entries.count, "entry", "entries")
    let first = entries.lazy.compactMap { item in
      if case .entry(let entry) = item { entry.event } else { nil }
    }.first
    return TranscriptEntry(
      subagent: subagents[id], first: first, length: count, content: fill(id, items), now: now)
  }

  /// The results whose calls stand on this page, by the call's id.
  private func results() -> (byCall: [String: ToolResult], paired: Set<Int64>) {
    var calls: Set<String> = []
    var byCall: [String: ToolResult] = [:]
    var paired: Set<Int64> = []
    for event in events {
      guard event.type == .toolCall || event.type == .toolResult,
        let payload = event.payloadObject, let id = payload["tool_use_id"]?.string
      else { continue }
      // One id in two runs is two calls.
      let key = "\(event.runID) \(id)"
      if event.type == .toolCall {
        calls.insert(key)
      } else if calls.contains(key), byCall[key] == nil {
        byCall[key] = ToolResult(event, payload)
        paired.insert(event.id)
      }
    }
    return (byCall, paired)
  }

  private func callID(_ event: StoredEvent, _ payload: JSONValue?) -> String? {
    guard event.type == .toolCall, let id = payload?["tool_use_id"]?.string else { return nil }
    return "\(event.runID) \(id)"
  }
}
