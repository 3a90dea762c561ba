import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@Suite("What a session's events come to")
struct SessionReducerTests {
  /// An event as the store hands it to the reducer.
  private func event(
    _ type: EventType, ts: Int64 = 0, kind: SourceKind = .worker, role: String = "worker",
    ref: String? = nil, summary: String = "", attention: Bool = false,
    _ payload: JSONObject? = nil
  ) -> StoredEvent {
    StoredEvent(
      id: 1, ts: ts, recordedAt: 0, runID: 1, parentRunID: nil, instanceID: "w", role: role,
      sourceKind: kind.rawValue, sourceRef: ref, sinkKind: nil, sinkRef: nil, type: type,
      schemaVersion: 1, attentionCandidate: attention, operatorActionRequired: false,
      riskDetected: false, severity: 1, confidence: nil, summary: summary,
      payload: payload?.text, artifactRefs: nil, tags: nil, sessionID: "s",
      relatedEventID: nil, dedupeKey: nil, idempotencyKey: nil, expiresAt: nil, provenance: nil,
      sourceFileID: nil, span: nil)
  }

  private func reduce(_ events: [StoredEvent]) -> SessionSummary {
    var session = SessionSummary(
      id: "s", startedAt: events.first?.ts ?? 0, lastAt: events.first?.ts ?? 0)
    for event in events { SessionReducer.apply(event, to: &session) }
    return session
  }

  private func response(_ ts: Int64, _ tokens: Int, model: String = "m") -> StoredEvent {
    var payload = JSONObject()
    payload.set("model_name", model)
    for key in ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"] {
      payload.set(key, tokens)
    }
    return event(.llmCallCompleted, ts: ts, payload)
  }

  private func title(_ title: String, _ source: String, ts: Int64) -> StoredEvent {
    event(.contextSet, ts: ts, JSONObject(["title": title, "title_source": source]))
  }

  private func prompt(_ text: String, ts: Int64) -> StoredEvent {
    event(.messageUser, ts: ts, kind: .operator, summary: text)
  }

  @Test("Events are counted by what they are, and time runs from the first to the last")
  func counts() {
    var failed = JSONObject()
    failed.set("is_error", true)
    let session = reduce([
      prompt("do it", ts: 50), event(.messageUser, ts: 20, kind: .system), event(.toolCall, ts: 70),
      event(.toolResult, ts: 71), event(.toolResult, ts: 72, failed), event(.turnCompleted, ts: 90),
      event(.validationError, ts: 80), event(.blocked, ts: 60, attention: true),
      response(65, 3), response(66, 4),
    ])
    #expect(session.events == 10)
    #expect(session.startedAt == 20)
    #expect(session.lastAt == 90)
    #expect(session.prompts == 1)
    #expect(session.turns == 1)
    #expect(session.toolCalls == 1)
    #expect(session.toolErrors == 1)
    #expect(session.validationErrors == 1)
    #expect(session.attention == 1)
    #expect(session.responses == 2)
    #expect(session.inputTokens == 7)
    #expect(session.cacheWriteTokens == 7)
  }

  @Test("A title of a better source wins; of prompts the first one, of titles the last")
  func titles() {
    #expect(reduce([prompt("second", ts: 2), prompt("first", ts: 1)]).title == "first")
    #expect(
      reduce([title("late", "summary", ts: 9), title("early", "summary", ts: 1)]).title == "late")
    #expect(reduce([title("t", "summary", ts: 1), prompt("p", ts: 0)]).title == "t")
    #expect(reduce([title("a", "ai", ts: 1), title("s", "summary", ts: 9)]).title == "a")
    #expect(reduce([title("c", "custom", ts: 1), title("a", "ai", ts: 9)]).title == "c")
    #expect(reduce([title("", "custom", ts: 1), prompt("p", ts: 5)]).title == "p")
  }

  @Test("The session's facts come from its start, and a sub-agent in it is counted instead")
  func starts() {
    let start = JSONObject([
      "agent": "claude", "version": "2", "cwd": "/p", "git_branch": "main",
    ])
    let session = reduce([
      event(.processStarted, role: "subagent", ref: "s", JSONObject(["agent": "other"])),
      event(.processStarted, start),
    ])
    #expect(session.agent == "claude")
    #expect(session.agentVersion == "2")
    #expect(session.project == "/p")
    #expect(session.branch == "main")
    #expect(session.subagents == 1)
  }

  @Test("A sub-agent with a session of its own names the one that spawned it")
  func ownSession() {
    let session = reduce([
      event(
        .processStarted, role: "subagent", ref: "s",
        JSONObject(["agent": "a", "parent_session_id": "p"]))
    ])
    #expect(session.parentSessionID == "p")
    #expect(session.agent == "a")
    #expect(session.subagents == 0)
  }

  @Test("The order of recording makes no difference")
  func orderIndependence() {
    var random = SeededGenerator.new()
    var events: [StoredEvent] = [
      event(.processStarted, ts: 1, JSONObject(["agent": "a", "cwd": "/p"])),
      event(.processStarted, ts: 3, role: "subagent", ref: "s"),
      event(.messageUser, ts: 5, kind: .system, summary: "not a prompt"),
    ]
    for number in 0..<40 {
      let ts = Int64(random.below(12))
      events.append(prompt("prompt \(number)", ts: ts))
      events.append(response(ts, number, model: "model \(number)"))
      events.append(event(.toolCall, ts: ts, attention: number % 3 == 0))
      if number % 4 == 0 { events.append(title("title \(number)", "summary", ts: ts)) }
    }
    let expected = reduce(events)
    for _ in 0..<50 {
      events.shuffle(using: &random)
      #expect(reduce(events) == expected, "seed \(random.seed)")
    }
    let prompts = events.filter { $0.type == .messageUser }
    let first = reduce(prompts)
    for _ in 0..<20 {
      #expect(reduce(prompts.shuffled(using: &random)) == first, "seed \(random.seed)")
    }
  }

  @Test("Absurd figures and payloads of another shape never overflow or trap")
  func hostileFigures() {
    var negative = JSONObject()
    negative.set("output_tokens", -5)
    let other = JSONObject(["input_tokens": "many", "title": "t", "is_error": "true"])
    let session = reduce([
      response(1, Int.max), response(2, Int.max), event(.llmCallCompleted, negative),
      event(.llmCallCompleted, other), event(.llmCallCompleted), event(.toolResult, other),
      event(.contextSet), event(.processStarted), event(.processStarted, other),
    ])
    #expect(session.inputTokens == 2 * ModelCall.mostTokens)
    #expect(session.outputTokens == 2 * ModelCall.mostTokens)
    #expect(session.toolErrors == 0)
  }
}
