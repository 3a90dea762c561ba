import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport

/// One worker's events, in order, and what they come to at a moment.
struct Course {
  private(set) var events: [StoredEvent] = []
  var standing: [StoredEvent] = []
  var children: [WorkerState] = []
  var role = "worker"
  /// Minutes.
  private var clock: Int64 = 0

  @discardableResult
  mutating func add(
    _ type: EventType, kind: SourceKind = .worker, summary: String = "", after minutes: Int64 = 0,
    provenance: String? = nil, related: Int64? = nil, action: Bool = false,
    _ payload: JSONObject? = nil
  ) -> Int64 {
    clock += minutes
    let id = Int64(events.count + 1)
    events.append(
      Self.event(
        id, type, ts: clock * 60_000, kind: kind, summary: summary, provenance: provenance,
        related: related, action: action, role: role, payload))
    return id
  }

  static func event(
    _ id: Int64, _ type: EventType, ts: Int64, kind: SourceKind, summary: String,
    provenance: String?, related: Int64? = nil, confidence: Double? = nil, action: Bool = false,
    role: String = "worker", _ payload: JSONObject? = nil
  ) -> StoredEvent {
    StoredEvent(
      id: id, ts: ts, recordedAt: ts, runID: 1, parentRunID: nil, instanceID: "w", role: role,
      sourceKind: kind.rawValue, sourceRef: nil, sinkKind: nil, sinkRef: nil, type: type,
      schemaVersion: 1, attentionCandidate: false, operatorActionRequired: action,
      riskDetected: false, severity: 1, confidence: confidence, summary: summary,
      payload: payload?.text, artifactRefs: nil, tags: nil, sessionID: "s", relatedEventID: related,
      dedupeKey: nil, idempotencyKey: "k\(id)", expiresAt: nil, provenance: provenance,
      sourceFileID: nil, span: nil)
  }

  @discardableResult
  mutating func prompt(_ text: String = "do it", after minutes: Int64 = 0) -> Int64 {
    add(.messageUser, kind: .operator, summary: text, after: minutes)
  }

  @discardableResult
  mutating func call(_ tool: String = "Bash", _ words: String, after minutes: Int64 = 0) -> Int64 {
    add(
      .toolCall, summary: words, after: minutes,
      JSONObject(["tool": tool, "tool_use_id": "t\(events.count)"]))
  }

  mutating func answer(_ call: Int64, after minutes: Int64 = 0) {
    add(.toolResult, after: minutes, related: call)
  }

  @discardableResult
  mutating func say(_ type: EventType, _ words: String = "", action: Bool = false) -> Int64 {
    add(type, summary: words, provenance: "worker", action: action)
  }

  mutating func write(_ text: String) {
    add(.messageAssistant, summary: text, JSONObject(["text": text]))
  }

  mutating func infer(
    _ type: EventType, confidence: Double, after minutes: Int64 = 0, rule: String = "silence/1"
  ) {
    standing.insert(
      Self.event(
        Int64(900 + standing.count), type, ts: (clock + minutes) * 60_000, kind: .system,
        summary: "inferred", provenance: "hub-inferred: x", confidence: confidence,
        JSONObject(["rule": rule])), at: 0)
  }

  private var folded: (run: any RunFolding, findings: Findings) {
    var run = Synthesizer().newRun()
    var findings = Findings()
    for event in events { run.take(event, into: &findings) }
    return (run, findings)
  }

  var facts: WorkerFacts { folded.run.worker }

  /// What was inferred from the events alone.
  var inferred: [Inference] { folded.findings.inferences }

  /// What was inferred of the passing of time, had it come to a moment, in ms.
  func inferred(until moment: Int64) -> [Inference] {
    folded.run.questions.compactMap { question -> Inference? in
      let verdict = Synthesizer().judge(question, until: moment) {
        (_: ChildQuestion) -> Evidence? in nil
      }
      return if case .holds(let inference, _) = verdict { inference } else { nil }
    }
  }

  /// The state so many minutes after the last event.
  func state(after minutes: Int64 = 0) -> WorkerState {
    Synthesizer().state(
      of: facts, standing: standing, children: children, at: (clock + minutes) * 60_000)
  }
}
