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
        answers.append(Self.answer(commit.outcome, to: drafts.last))
      }
      try derive(&commit)
      commit.result.revision = commit.nextID - 1
      return (commit.result, answers)
    }
  }

  /// A line that was refused is in the log as a `validation_error`, which is not what was asked for.
  private static func answer(_ outcome: LogAnswer?, to draft: EventDraft?) -> LogAnswer? {
    guard let draft, draft.type == .validationError, draft.sourceKind == .system,
      case .logged(let id, _, _, _) = outcome
    else { return outcome }
    let reason = (try? JSONDocument(draft.payload.bytes).root["reason"]?.string) ?? draft.summary
    return .refused(code: "refused", reason: reason, id: id)
  }
}
