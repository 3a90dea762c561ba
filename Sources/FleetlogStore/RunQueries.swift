package import FleetlogEvents

extension EventLog {
  private static let mostRunFolds = 400
  private static let mostRuns = 2000

  /// The runs that a query asks for, with everything above them, as of now.
  ///
  /// - Parameter now: ms since the Unix epoch.
  package func runs(
    _ query: RunQuery, now: Int64, by rules: any SynthesisRules
  ) throws(StoreError) -> RunTree {
    var workers = WorkerQuery(moment: now, isNow: true)
    if let session = query.session {
      workers.scope = .session(session)
    } else {
      workers.scope = .active(since: query.since ?? Int64.min, until: query.until ?? Int64.max)
    }
    return try tree(workers, by: rules).keeping { query.names($0.worker) }
  }

  /// The tree that a run stands in: everything above and below it; nil where there is no such run.
  package func tree(
    of run: Int64, now: Int64, by rules: any SynthesisRules
  ) throws(StoreError) -> RunTree? {
    var workers = WorkerQuery(moment: now, isNow: true)
    workers.scope = .tree(of: run)
    let tree = try tree(workers, by: rules)
    return tree.nodes.contains { $0.run.id == run } ? tree : nil
  }

  private func tree(
    _ query: WorkerQuery, by rules: any SynthesisRules
  ) throws(StoreError) -> RunTree {
    var tree = try pool.withConnection { (connection) throws(StoreError) in
      var reader = WorkerReader(
        connection, rules: rules, query: query, folds: Self.mostRunFolds)
      let found = try reader.readRuns(limit: Self.mostRuns)
      var tree = RunTree(found, parentKeys: try parentKeys(of: found, connection))
      if found.count == Self.mostRuns {
        tree.partialReason =
          "Only the \(Self.mostRuns) runs last active are shown: narrow the time."
      } else if reader.isCut {
        tree.partialReason = "Only the \(Self.mostRunFolds) runs last active were looked up."
      }
      return tree
    }
    try sumUsage(&tree)
    return tree
  }

  private func parentKeys(
    of workers: [Worker], _ connection: Connection
  ) throws(StoreError) -> [Int64: String] {
    var keys: [Int64: String] = [:]
    for worker in workers where worker.run.parentID == nil {
      let key = try connection.first(
        "SELECT parent_key FROM runs WHERE id = ?", [.int(worker.run.id)]
      ) { $0.optionalText(0) }
      if let key, let key { keys[worker.run.id] = key }
    }
    return keys
  }

  /// A run's own usage, and for one with children that of everything below it, shown or not.
  private func sumUsage(_ tree: inout RunTree) throws(StoreError) {
    let own = try usage(ofRuns: tree.nodes.filter { $0.children == 0 }.map(\.run.id))
    for index in tree.nodes.indices {
      let run = tree.nodes[index].run.id
      tree.nodes[index].usage =
        tree.nodes[index].children == 0 ? own[run] ?? [] : try usage(below: run)
    }
  }
}
