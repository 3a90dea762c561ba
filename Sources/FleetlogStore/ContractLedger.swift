import FleetlogEvents

/// Keeps how many finished turns carried an event block, by session, model and contract version, so
/// that the figures cost no read of the log itself. The session stands for its agent, which may be
/// told later than its first turns.
///
/// A turn says so itself: the transcript's reader counts the blocks while it reads the turn. What
/// a hook told of a turn knows nothing of them and does not count.
final class ContractLedger {
  private struct Key: Hashable {
    let session: String
    let model: String
    let version: String
  }

  private struct Count {
    var turns = 0
    var kept = 0
    var refused = 0
  }

  private let connection: Connection
  private var changes: [Key: Count] = [:]

  init(_ connection: Connection) { self.connection = connection }

  func count(_ event: StoredEvent) { add(event, sign: 1) }

  /// Takes back an event that counted and was superseded.
  func uncount(_ event: StoredEvent) { add(event, sign: -1) }

  private func add(_ event: StoredEvent, sign: Int) {
    guard event.type == .turnCompleted, !event.isToldByHook else { return }
    let payload = event.payload.flatMap { try? JSONDocument($0).root }
    func text(_ key: String) -> String { payload?[key]?.string ?? "" }
    func isSome(_ key: String) -> Int { (payload?[key]?.int ?? 0) > 0 ? sign : 0 }
    let key = Key(
      session: event.sessionID ?? "", model: text("model_name"), version: text("contract_version"))
    changes[key, default: Count()].turns += sign
    changes[key]?.kept += isSome("event_blocks")
    changes[key]?.refused += isSome("refused_blocks")
  }

  func save() throws(StoreError) {
    for (key, count) in changes {
      try connection.run(
        """
        INSERT INTO contract_turns VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET turns = turns + excluded.turns, kept = kept + excluded.kept,
          refused = refused + excluded.refused
        """,
        [
          .text(key.session), .text(key.model), .text(key.version), Value(count.turns),
          Value(count.kept), Value(count.refused),
        ])
    }
  }

  func forget() { changes.removeAll(keepingCapacity: true) }
}
