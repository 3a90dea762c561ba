import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogDerive

@Suite("What a run came to")
struct MetricsReducerTests {
  private func event(
    _ id: Int64, _ type: EventType, ts: Int64 = 0, kind: SourceKind = .worker,
    provenance: String? = "transcript", _ payload: String? = nil
  ) -> StoredEvent {
    StoredEvent(
      id: id, ts: ts, recordedAt: 0, runID: 1, parentRunID: nil, instanceID: "w", role: "worker",
      sourceKind: kind.rawValue, sourceRef: nil, sinkKind: nil, sinkRef: nil, type: type,
      schemaVersion: 1, attentionCandidate: false, operatorActionRequired: false,
      riskDetected: false, severity: 1, confidence: nil, summary: "said", payload: payload,
      artifactRefs: nil, tags: nil, sessionID: "s", relatedEventID: nil, dedupeKey: nil,
      idempotencyKey: "k\(id)", expiresAt: nil, provenance: provenance, sourceFileID: nil,
      span: nil)
  }

  private func fold(_ events: [StoredEvent]) -> (metrics: RunMetrics, findings: Findings) {
    var view = RunView(SynthesisOptions())
    var findings = Findings()
    for event in events { view.take(event, into: &findings) }
    return (view.metrics, findings)
  }

  private func call(_ id: Int64, _ tool: String, _ input: String, ts: Int64 = 0) -> StoredEvent {
    event(
      id, .toolCall, ts: ts, #"{"tool":"\#(tool)","tool_use_id":"t\#(id)","input":\#(input)}"#)
  }

  private func result(
    of id: Int64, _ output: String, ts: Int64 = 0, isError: Bool = false
  ) -> StoredEvent {
    event(
      id + 100, .toolResult, ts: ts,
      #"{"tool_use_id":"t\#(id)","content":"\#(output)"\#(isError ? ",\"is_error\":true" : "")}"#)
  }

  @Test("Each malformed field is null alone, and never spoils its neighbours")
  func malformed() {
    let metrics = fold([
      event(
        1, .contextSet,
        """
        {"metrics_outcome":"great","metrics_pr_numbers":["https://example.com/pull/3"],
        "metrics_files_changed":"9","metrics_lines_added":214,"metrics_lines_removed":-4,
        "metrics_git_head_end":7,"metrics_commit_shas":["0123abc"]}
        """)
    ]).metrics
    let values = MetricField.allCases.map { metrics.reported[$0]?.value?.json }
    #expect(values == [nil, nil, nil, "214", nil, nil, #"["0123abc"]"#])
    #expect(metrics.reported.count == MetricField.allCases.count)
  }

  @Test("The last word on each field holds, whatever other fields it comes with")
  func lastWord() {
    let metrics = fold([
      event(1, .contextSet, #"{"metrics_outcome":"partial","metrics_lines_added":5}"#),
      event(2, .completed, provenance: "worker", #"{"metrics_outcome":"success"}"#),
      event(3, .contextSet, #"{"goal":"tidy up","metrics_pr_numbers":[3]}"#),
    ]).metrics
    #expect(metrics.reported[.outcome]?.value == .outcome("success"))
    #expect(metrics.reported[.outcome]?.mark.id == 2)
    #expect(metrics.reported[.linesAdded]?.value == .count(5))
    #expect(metrics.reported[.pullRequests]?.value == .numbers([3]))
    let spoilt = fold([
      event(1, .contextSet, #"{"metrics_lines_added":5}"#),
      event(2, .contextSet, #"{"metrics_lines_added":"5"}"#),
    ]).metrics
    #expect(spoilt.reported[.linesAdded] == ReportedMetric(value: nil, mark: .init(id: 2, ts: 0)))
  }

  @Test("A nested object of metrics is passed over, and it is known where")
  func nested() {
    let metrics = fold([
      event(4, .contextSet, #"{"metrics":{"outcome":"success"},"metrics_lines_added":1}"#)
    ]).metrics
    #expect(metrics.nested?.id == 4)
    #expect(metrics.reported.keys.sorted { $0.rawValue < $1.rawValue } == [.linesAdded])
  }

  @Test("Other events, and what Fleetlog infers, report nothing")
  func others() {
    let metrics = fold([
      event(1, .progress, provenance: "worker", #"{"metrics_outcome":"success"}"#),
      event(2, .toolResult, #"{"content":"x","metrics_outcome":"success"}"#),
      event(
        3, .completed, kind: .system, provenance: "hub-inferred: x",
        #"{"metrics_outcome":"success"}"#),
      event(4, .contextSet, #"{"metrics_outcome""#), event(5, .contextSet, nil),
    ]).metrics
    #expect(metrics.reported.isEmpty)
    #expect(metrics.nested == nil)
  }

  @Test("Files, commits and pull requests that tools show are noted, those that failed are not")
  func traces() {
    let findings = fold([
      event(1, .processStarted, kind: .system, #"{"cwd":"/home/ada/shop"}"#),
      event(2, .messageUser, kind: .operator),
      call(3, "Read", #"{"file_path":"/home/ada/shop/a.swift"}"#), result(of: 3, "text"),
      call(4, "Edit", #"{"file_path":"b.swift"}"#), result(of: 4, "ok"),
      call(5, "Write", #"{"file_path":"c.swift"}"#), result(of: 5, "no", isError: true),
      call(6, "Bash", #"{"command":"git commit -m x"}"#), result(of: 6, "[main 5d6e7f8] x"),
      call(7, "Bash", #"{"command":"gh pr create --fill"}"#),
      result(of: 7, "https://github.com/ada/shop/pull/12"),
      call(8, "Bash", #"{"command":"cat notes"}"#),
      result(of: 8, "see https://github.com/ada/shop/pull/99"),
    ]).findings
    #expect(
      findings.traces.map { "\($0.kind.rawValue) \($0.subject)" } == [
        "read /home/ada/shop/a.swift", "written /home/ada/shop/b.swift", "commit 5d6e7f8",
        "pull_request https://github.com/ada/shop/pull/12",
      ])
  }

  @Test("Time at work is what lies between events, waiting left out")
  func active() {
    let minute: Int64 = 60_000
    let metrics = fold([
      event(1, .messageUser, ts: 0, kind: .operator),
      event(2, .messageAssistant, ts: 2 * minute),
      // An hour until the operator comes back.
      event(3, .messageUser, ts: 62 * minute, kind: .operator),
      call(4, "Bash", #"{"command":"make"}"#, ts: 63 * minute),
      // A long build is work.
      result(of: 4, "ok", ts: 83 * minute),
      // Times step back now and then.
      event(5, .messageAssistant, ts: 82 * minute), event(6, .turnCompleted, ts: 84 * minute),
    ]).metrics
    #expect(metrics.active == (2 + 1 + 20 + 1) * minute)
  }

  @Test("A pause as long as the threshold is work, a longer one is waiting")
  func pauses() {
    let quiet = SynthesisOptions().quiet
    let metrics = fold([
      event(1, .messageUser, ts: 0, kind: .operator), event(2, .messageAssistant, ts: quiet),
      event(3, .messageAssistant, ts: 2 * quiet + 1),
    ]).metrics
    #expect(metrics.active == quiet)
  }

  @Test("Start and end of the repository are told flat, or as a key and its value")
  func heads() {
    let first = String(repeating: "a", count: 40)
    let last = String(repeating: "b", count: 40)
    let metrics = fold([
      event(1, .processStarted, kind: .system, #"{"cwd":"/w"}"#),
      event(2, .observationRecorded, #"{"key":"git_head_sha","value":{"value":"\#(first)"}}"#),
      event(3, .observationRecorded, #"{"key":"repo_root","value":"/repo"}"#),
      event(4, .observationRecorded, #"{"git_head_sha":"\#(last)"}"#),
      event(
        5, .observationRecorded,
        #"{"git_head_sha_end":"\#(last)","git_files_changed":2,"git_lines_added":3,"git_lines_removed":1}"#
      ),
      event(6, .observationRecorded, #"{"git_head_sha_end":"; rm -rf /"}"#),
    ]).metrics
    #expect(metrics.head == RunMetrics.Head(commit: first, mark: .init(id: 2, ts: 0)))
    #expect(metrics.headEnd == RunMetrics.Head(commit: last, mark: .init(id: 5, ts: 0)))
    #expect(metrics.folder == "/repo")
    #expect(metrics.difference?.filesChanged == 2)
    let engine = fold([
      event(
        1, .observationRecorded,
        #"{"git_head_sha_end":"\#(last)","filesChanged":5,"linesAdded":120,"linesRemoved":9}"#)
    ]).metrics
    #expect(engine.difference?.linesAdded == 120)
    #expect(RunMetrics(json: metrics.json.text) == metrics)
  }
}
