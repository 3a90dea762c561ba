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

/// A piece of text with the parts of it that matched a search, as ranges of UTF-8 offsets.
package struct Snippet: Sendable, Equatable {
  package let text: String
  package let matches: [Range<Int>]

  package init(text: String, matches: [Range<Int>]) {
    self.text = text
    self.matches = matches
  }

  /// The text cut at its matches, in order.
  package var parts: [(text: String, isMatch: Bool)] {
    let utf8 = Array(text.utf8)
    var parts: [(text: String, isMatch: Bool)] = []
    var end = 0
    func add(_ range: Range<Int>, _ isMatch: Bool) {
      guard !range.isEmpty else { return }
      parts.append((String(decoding: utf8[range], as: UTF8.self), isMatch))
    }
    for match in matches where match.lowerBound >= end && match.upperBound <= utf8.count {
      add(end..<match.lowerBound, false)
      add(match, true)
      end = match.upperBound
    }
    add(end..<utf8.count, false)
    return parts
  }
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

/// Counts of events over time.
package struct Histogram: Sendable, Equatable {
  package struct Bucket: Sendable, Equatable {
    /// ms since the Unix epoch.
    package let start: Int64
    package var count: Int
    /// Of these, events that may ask for attention.
    package var attention: Int

    package init(start: Int64, count: Int, attention: Int) {
      self.start = start
      self.count = count
      self.attention = attention
    }
  }

  /// What was counted in the same places of an earlier time.
  package struct Earlier: Sendable, Equatable {
    /// How much earlier, in ms.
    package let shift: Int64
    /// One for each bucket.
    package let counts: [Int]
    package let isExact: Bool

    package init(shift: Int64, counts: [Int], isExact: Bool) {
      self.shift = shift
      self.counts = counts
      self.isExact = isExact
    }
  }

  /// The width of every bucket in ms.
  package let bucketWidth: Int64
  /// Contiguous, empty ones included.
  package let buckets: [Bucket]
  /// False where the deadline came first; the counts are then lower bounds.
  package let isExact: Bool

  package init(bucketWidth: Int64, buckets: [Bucket], isExact: Bool) {
    self.bucketWidth = bucketWidth
    self.buckets = buckets
    self.isExact = isExact
  }
}

/// The values of one column among the events a filter finds, most frequent first.
package struct Facet: Sendable {
  package struct Value: Sendable {
    package let name: String
    package let count: Int

    package init(name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// The query parameter that the values filter by.
  package let parameter: String
  package let values: [Value]
  package let isExact: Bool

  package init(parameter: String, values: [Value], isExact: Bool) {
    self.parameter = parameter
    self.values = values
    self.isExact = isExact
  }
}
