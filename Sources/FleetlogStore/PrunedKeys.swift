/// The facts that were pruned or forgotten: they do not come back when their transcript, or a copy of
/// it, is read again. Of what was pruned the keys are kept, of what was forgotten only hashes.
final class PrunedKeys {
  private let connection: Connection
  private var isEmpty = true
  private var hasForgotten = false
  /// The sessions that were asked for in the present transaction.
  private var sessions: [String: Bool] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// Most logs were never pruned; then no key need be looked up while a transaction runs.
  func begin() throws(StoreError) {
    isEmpty = try !connection.finds("SELECT 1 FROM pruned_keys LIMIT 1")
    hasForgotten = try connection.finds("SELECT 1 FROM forgotten LIMIT 1")
    sessions.removeAll(keepingCapacity: true)
  }

  /// Whether a fact was pruned or forgotten that had one of these names.
  func contain(_ names: String?...) throws(StoreError) -> Bool {
    guard !isEmpty || hasForgotten else { return false }
    for name in names {
      guard let name else { continue }
      if !isEmpty {
        let isPruned = try connection.finds(
          "SELECT 1 FROM pruned_keys WHERE key = ?", [.text(name)])
        if isPruned { return true }
      }
      if hasForgotten, try isForgotten(KeyDigest.of(key: name)) { return true }
    }
    return false
  }

  /// Whether nothing of a session is taken any more.
  func hasForgotten(session: String?) throws(StoreError) -> Bool {
    guard hasForgotten, let session else { return false }
    if let known = sessions[session] { return known }
    let isForgotten = try isForgotten(KeyDigest.of(session: session))
    sessions[session] = isForgotten
    return isForgotten
  }

  private func isForgotten(_ hash: [UInt8]) throws(StoreError) -> Bool {
    try connection.finds("SELECT 1 FROM forgotten WHERE hash = ?", [.blob(hash)])
  }

  func forget(_ hash: [UInt8]) throws(StoreError) {
    try connection.run("INSERT OR IGNORE INTO forgotten VALUES (?)", [.blob(hash)])
  }
}
