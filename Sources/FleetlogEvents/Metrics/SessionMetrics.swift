/// What a session accomplished, without anybody having instrumented its steps: what its agent
/// reported (advisory) and what was observed (authoritative), side by side.
package struct SessionMetrics: Sendable, Equatable {
  package let reported: [MetricField: ReportedMetric]
  /// The last event whose nested object of metrics was passed over.
  package let nested: WorkerFacts.Mark?

  /// From the first to the last event, in ms.
  package let duration: Int64
  /// Of that, at work; sub-agents' work counts as their spawner's.
  package let active: Int64
  package let turns: Int
  package let toolCalls: Int
  package let toolErrors: Int
  package let head: RunMetrics.Head?
  package let headEnd: RunMetrics.Head?
  package let folder: String?
  package let difference: RunMetrics.Difference?
  /// What the tools of the session and its sub-agents show, each once, oldest first.
  package let traces: [RunTrace]

  /// - Parameters:
  ///   - runs: those of the session; its own before those of its sub-agents.
  /// - Returns: nil where there is nothing to say.
  package init?(
    session: SessionSummary, runs: [(isSubagent: Bool, metrics: RunMetrics)], traces: [RunTrace]
  ) {
    let trunk = runs.filter { !$0.isSubagent }
    // A sub-agent may have a session of its own.
    let own = (trunk.isEmpty ? Array(runs.prefix(1)) : trunk).map(\.metrics)
    var reported: [MetricField: ReportedMetric] = [:]
    for metrics in own {
      reported.merge(metrics.reported) { left, right in
        (left.mark.ts, left.mark.id) > (right.mark.ts, right.mark.id) ? left : right
      }
    }
    let isEmpty =
      reported.isEmpty && traces.isEmpty && session.turns == 0 && session.toolCalls == 0
      && session.responses == 0 && own.allSatisfy { $0.head == nil && $0.nested == nil }
    if isEmpty { return nil }
    self.reported = reported
    nested = own.compactMap(\.nested).max { $0.ts < $1.ts }
    duration = max(0, session.lastAt - session.startedAt)
    active = min(duration, own.map(\.active).reduce(0, +))
    turns = session.turns
    toolCalls = session.toolCalls
    toolErrors = session.toolErrors
    head = own.compactMap(\.head).min { $0.mark.ts < $1.mark.ts }
    headEnd = own.compactMap(\.headEnd).max { $0.mark.ts < $1.mark.ts }
    folder = own.compactMap(\.folder).first ?? session.project
    difference = own.compactMap(\.difference).max { $0.mark.ts < $1.mark.ts }
    var seen: Set<String> = []
    self.traces = traces.sorted { ($0.evidence.ts, $0.subject) < ($1.evidence.ts, $1.subject) }
      .filter { seen.insert($0.kind.rawValue + "\n" + $0.subject).inserted }
  }

  package func traces(_ kind: RunTrace.Kind) -> [RunTrace] { traces.filter { $0.kind == kind } }
}
