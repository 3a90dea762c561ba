/// Entries by key, of which the newest are kept.
struct NewestEntries<Entry: Codable & Sendable>: Codable, Sendable {
  private let limit: Int
  private var entries: [String: Entry] = [:]
  /// The keys, oldest first.
  private var order: [String] = []

  init(limit: Int) { self.limit = limit }

  subscript(_ key: String) -> Entry? { entries[key] }

  /// The entries, newest first.
  var newestFirst: some Sequence<(key: String, entry: Entry)> {
    order.reversed().lazy.compactMap { key in entries[key].map { (key, $0) } }
  }

  /// Puts an entry; one that replaces another keeps its place.
  mutating func put(_ entry: Entry, for key: String) {
    if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
    guard order.count > limit else { return }
    entries[order.removeFirst()] = nil
  }
}
