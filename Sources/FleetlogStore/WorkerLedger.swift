import FleetlogEvents

/// The projection `worker_states`: kept as each run's view is folded, so it follows that view's
/// order of events, and is folded anew whenever the view is.
extension SynthesisLedger {
  func save(_ worker: WorkerFacts, of run: Int64) throws(StoreError) {
    try connection.run(
      "INSERT OR REPLACE INTO worker_states VALUES (?, ?)", [.int(run), .text(worker.json.text)])
  }
}
