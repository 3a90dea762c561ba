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

extension Histogram {
  /// The same with empty places up to both ends of a span, which begins and ends with a place.
  package func filling(_ span: Range<Int64>) -> Histogram {
    guard let first = buckets.first, let last = buckets.last else { return self }
    func empty(_ span: Range<Int64>) -> [Bucket] {
      stride(from: span.lowerBound, to: span.upperBound, by: Int(bucketWidth)).map {
        Bucket(start: $0, count: 0, attention: 0)
      }
    }
    let end = last.start + bucketWidth
    return Histogram(
      bucketWidth: bucketWidth,
      buckets: empty(min(span.lowerBound, first.start)..<first.start) + buckets
        + empty(end..<max(span.upperBound, end)),
      isExact: isExact)
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
