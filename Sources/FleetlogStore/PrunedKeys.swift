/// The facts that were pruned: they do not come back when their transcript, or a copy of it, is
/// read again.
final class PrunedKeys {
  private let connection: Connection
  private var isEmpty = true

  init(_ connection: Connection) { self.connection = connection }

  /// Most logs were never pruned; then no key need be looked up while a transaction runs.
  func begin() throws(StoreError) {
    isEmpty = try connection.first("SELECT 1 FROM pruned_keys LIMIT 1") { _ in false } ?? true
  }

  /// Whether a fact was pruned that had one of these names.
  func contain(_ names: String?...) throws(StoreError) -> Bool {
    guard !isEmpty else { return false }
    for name in names {
      guard let name else { continue }
      let isPruned = try connection.first(
        "SELECT 1 FROM pruned_keys WHERE key = ?", [.text(name)], { _ in true })
      if isPruned != nil { return true }
    }
    return false
  }
}
