package import FleetlogEvents

/// What processes log directly, each of which waits for its answer.
extension EventWriter {
  /// Appends what some logged lines came to, all in one transaction.
  ///
  /// - Parameters:
  ///   - lines: the drafts of each line. The last of a line's drafts is the logged event itself.
  ///   - now: ms since the Unix epoch, for `recorded_at`.
  /// - Returns: for each line what became of it; nil for one that came to nothing.
  package func log(
    _ lines: [[EventDraft]], now: Int64
  ) throws(StoreError) -> (appended: Appended, answers: [LogAnswer?]) {
    let result = try synced { () throws(StoreError) in try write(lines, now: now) }
    trimWriteAheadLog()
    return result
  }

  private func write(
    _ lines: [[EventDraft]], now: Int64
  ) throws(StoreError) -> (appended: Appended, answers: [LogAnswer?]) {
    try committing { () throws(StoreError) in
      var commit = try begin(now: now, fileID: nil, revision: nil)
      var answers: [LogAnswer?] = []
      for drafts in lines {
        commit.outcome = nil
        for draft in drafts { try append(draft, &commit) }
        let answer = Self.answer(commit.outcome, to: drafts.last)
        answers.append(try adding(missing: drafts.last?.links ?? [], to: answer))
      }
      try derive(&commit)
      commit.result.revision = commit.nextID - 1
      return (commit.result, answers)
    }
  }

  /// A line that was refused is in the log as a `validation_error`, which is not what was asked for.
  private static func answer(_ outcome: LogAnswer?, to draft: EventDraft?) -> LogAnswer? {
    guard let draft, draft.type == .validationError, draft.sourceKind == .system,
      case .logged(let id, _, _, _, _) = outcome
    else { return outcome }
    let reason = (try? JSONDocument(draft.payload.bytes).root["reason"]?.string) ?? draft.summary
    return .refused(code: "refused", reason: reason, id: id)
  }

  /// The answer with the ids among an event's links that lead to no other event: who wrote one down
  /// wrongly is to hear of it.
  private func adding(
    missing links: [LinkDraft], to answer: LogAnswer?
  ) throws(StoreError) -> LogAnswer? {
    guard case .logged(let id, true, let run, let instance, _) = answer else { return answer }
    var missing: [Int64] = []
    for link in links {
      guard case .eventID(let target) = link.target, !missing.contains(target) else { continue }
      let isThere = try connection.finds(
        "SELECT 1 FROM events WHERE id = ? AND id <> ?", [.int(target), .int(id)])
      if !isThere { missing.append(target) }
    }
    return .logged(id: id, isNew: true, runID: run, instanceID: instance, missing: missing)
  }
}
