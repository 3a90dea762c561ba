/// A place in a list of events; a page begins behind it. Keyset, never an offset.
package struct EventCursor: Sendable, Equatable, CustomStringConvertible {
  package let ts: Int64
  package let id: Int64

  package init(ts: Int64, id: Int64) {
    self.ts = ts
    self.id = id
  }

  /// Reads the text form `TS_ID`.
  package init?(_ text: String) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let ts = Int64(parts[0]), let id = Int64(parts[1]), id >= 0 else {
      return nil
    }
    self.init(ts: ts, id: id)
  }

  package var description: String { "\(ts)_\(id)" }
}

/// One page of a filtered list.
package struct EventPage: Sendable {
  package struct Row: Sendable {
    package let event: StoredEvent
    /// Where the search text was found; nil without a search.
    package let snippet: Snippet?

    package init(event: StoredEvent, snippet: Snippet?) {
      self.event = event
      self.snippet = snippet
    }
  }

  package let rows: [Row]
  /// Where the next page begins; nil on the last one.
  package let next: EventCursor?
  package let matched: Int
  /// False where counting stopped at its cap or deadline: at least `matched`.
  package let matchedIsExact: Bool
  /// Why the page may be incomplete, as a sentence for people; nil where it is whole.
  package let partialReason: String?

  package init(
    rows: [Row], next: EventCursor?, matched: Int, matchedIsExact: Bool, partialReason: String?
  ) {
    self.rows = rows
    self.next = next
    self.matched = matched
    self.matchedIsExact = matchedIsExact
    self.partialReason = partialReason
  }
}
