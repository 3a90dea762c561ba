package import FleetlogEvents

/// A name in a filter that nothing in the log has: a list without rows looks the same for a name
/// that is mistyped and for one that was quiet.
package struct UnknownName: Sendable, Equatable {
  package let parameter: String
  package let value: String
  /// What the log has none of, as in “no session of the agent”.
  package let noun: String
  /// Whether it is a type of event that there is, of which none came so far.
  package let isAwaited: Bool
  /// What may have been meant, nearest first.
  package let near: [String]
  /// All that there are, where none is near and they are few.
  package let others: [String]
}

extension EventLog {
  /// So many names are told.
  private static let mostNear = 12
  private static let nouns = [
    "type": "event of the type", "session": "session", "run": "run", "instance": "instance",
    "role": "event of the role", "agent": "session of the agent",
    "project": "session in the project", "branch": "session on the branch",
    "tag": "event with the tag",
  ]

  /// The names in a filter that the log has nowhere.
  ///
  /// - Parameters:
  ///   - filter: may ask for more; only its lists of names are looked at.
  ///   - isEmpty: whether nothing was found. Where something was, a list of one name is known.
  package func unknownNames(
    in filter: EventFilter, isEmpty: Bool
  ) throws(StoreError) -> [UnknownName] {
    let named = filter.parameters.filter { Self.nouns[$0.name] != nil }
    let counts = Dictionary(named.map { ($0.name, 1) }, uniquingKeysWith: +)
    var told: Set<String> = []
    var unknown: [UnknownName] = []
    for (name, value) in named where isEmpty || counts[name] != 1 {
      guard told.insert(name + "\0" + value).inserted, let noun = Self.nouns[name],
        try isUnknown(name, value)
      else { continue }
      unknown.append(try self.unknown(name, value, noun))
    }
    return unknown
  }

  private func isUnknown(_ name: String, _ value: String) throws(StoreError) -> Bool {
    // None of the lists depends on the time.
    guard var filter = try? EventFilter(parameters: [(name, value)], now: 0) else { return false }
    filter.limit = 1
    let page = try events(filter)
    return page.rows.isEmpty && page.partialReason == nil
  }

  private func unknown(
    _ name: String, _ value: String, _ noun: String
  ) throws(StoreError) -> UnknownName {
    let logged = Set(try names(for: name))
    let catalogue = name == "type" ? EventTypeCatalogue.entries.map(\.type.rawValue) : []
    // Of a type that there is, no other one was meant.
    let isAwaited = catalogue.contains(value)
    let near =
      isAwaited
      ? [] : NearNames.of(value, among: logged.union(catalogue), limit: Self.mostNear)
    let isShort = !isAwaited && near.isEmpty && logged.count <= Self.mostNear
    return UnknownName(
      parameter: name, value: value, noun: noun, isAwaited: isAwaited, near: near,
      others: isShort ? logged.sorted() : [])
  }
}
