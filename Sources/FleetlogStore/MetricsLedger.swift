package import FleetlogEvents

extension EventWriter {
  /// What a run came to so far; nil where that has not been folded.
  package func metrics(ofRun key: String) throws(StoreError) -> RunMetrics? {
    try connection.first(
      "SELECT m.metrics FROM runs r JOIN run_metrics m ON m.run_id = r.id WHERE r.key = ?",
      [.text(key)]
    ) { RunMetrics(json: $0.text(0)) } ?? nil
  }
}

/// The projections `run_metrics` and `run_traces`: kept as each run's view is folded, like the
/// workers' states.
extension SynthesisLedger {
  func save(
    _ metrics: RunMetrics, of run: Int64, _ view: inout RunViews.Loaded
  ) throws(StoreError) {
    guard view.metrics != metrics else { return }
    view.metrics = metrics
    try connection.run(
      "INSERT OR REPLACE INTO run_metrics VALUES (?, ?)", [.int(run), .text(metrics.json.text)])
  }

  func save(_ traces: [RunTrace], of owner: Owner) throws(StoreError) {
    guard case .run(let run) = owner else { return }
    for trace in traces {
      try connection.run(
        "INSERT OR IGNORE INTO run_traces VALUES (?, ?, ?, ?, ?)",
        [
          .int(run), .text(trace.kind.rawValue), .text(trace.subject), .int(trace.evidence.ts),
          .int(trace.evidence.id),
        ])
    }
  }

  /// Before a run is folded anew.
  func forgetTraces(of run: Int64) throws(StoreError) {
    try connection.run("DELETE FROM run_traces WHERE run_id = ?", [.int(run)])
  }
}
