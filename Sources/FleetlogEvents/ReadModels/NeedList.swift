/// Something that needs the operator: one root with its symptoms, however many sessions show it.
package struct NeedGroup: Sendable {
  package let need: Need
  /// The event to look at first.
  package let root: StoredEvent
  /// Events with the same cause, oldest first; the root is not among them.
  package let symptoms: [StoredEvent]
  /// What else the same session asks for, newest first.
  package let others: [StoredEvent]
  /// Whether several sessions show one cause.
  package let isShared: Bool
  /// What the root comes from, by its links.
  package let causes: [StoredEvent]

  package init(
    need: Need, root: StoredEvent, symptoms: [StoredEvent] = [], others: [StoredEvent] = [],
    isShared: Bool = false, causes: [StoredEvent] = []
  ) {
    self.need = need
    self.root = root
    self.symptoms = symptoms
    self.others = others
    self.isShared = isShared
    self.causes = causes
  }
}

/// Everything that needs the operator at a moment, in the fixed order of ``Need``.
package struct NeedList: Sendable {
  package let groups: [NeedGroup]
  /// How many events ask, folded or not.
  package let events: Int
  /// How many groups there are in all, shown or not, by what they need.
  package let counts: [Need: Int]
  /// Events that were never answered, from before the time looked at.
  package let older: Int

  package var total: Int { counts.values.reduce(0, +) }

  package init(groups: [NeedGroup], counts: [Need: Int], events: Int, older: Int) {
    self.groups = groups
    self.counts = counts
    self.events = events
    self.older = older
  }
}
