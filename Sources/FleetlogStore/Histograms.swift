package import FleetlogEvents

extension EventLog {
  /// Events whose times are read for one histogram. Beyond that, or behind the deadline, it shows
  /// what was read, the newest where the filter gives them in order, and says so.
  static let timesCap = 50_000

  /// Counts of the events a filter finds, over the time it covers.
  ///
  /// - Parameters:
  ///   - buckets: how many at most; their width is a round span of time.
  ///   - width: their width in ms, where it is given.
  ///   - survey: of the same filter, where it was made.
  package func histogram(
    _ filter: EventFilter, buckets: Int, width: Int64? = nil, survey: EventSurvey? = nil
  ) throws(StoreError) -> Histogram {
    var filter = filter
    filter.after = nil
    filter.sort = .newest
    let query = EventQuery(filter)
    if query.searchesNothing { return .empty }
    return try pool.withConnection { (connection) throws(StoreError) in
      if let totals = LogTotals(filter),
        let histogram = try totals.histogram(buckets: buckets, width: width, connection)
      {
        return histogram
      }
      // Of a search the times stand in the log alone: there is nothing quicker than a survey.
      var found = survey
      if found == nil, query.isOrderedBySearch { found = try self.survey(query, connection) }
      if let found, found.isWhole || query.isOrderedBySearch {
        return Self.histogram(
          of: found.times, found.attention, isExact: found.isWhole, buckets: buckets, width: width)
      }
      let events = try times(
        routed(query, connection), connection, within: shares.histogram / 2)
      guard let first = events.times.min(), let last = events.times.max() else {
        return events.isWhole ? .empty : Histogram(bucketWidth: 60_000, buckets: [], isExact: false)
      }
      if filter.attention {
        return Self.histogram(
          of: events.times, events.times, isExact: events.isWhole, buckets: buckets, width: width)
      }
      // An index holds the few which may ask for attention.
      var wary = filter
      wary.attention = true
      wary.since = first
      wary.until = last < Int64.max ? last + 1 : nil
      let attention = try times(
        EventQuery(wary, route: .walk), connection, within: shares.histogram / 4)
      return Self.histogram(
        of: events.times, attention.times, isExact: events.isWhole && attention.isWhole,
        buckets: buckets, width: width)
    }
  }

  /// The times of the events, and whether they are all there are.
  private func times(
    _ query: EventQuery, _ connection: Connection, within ms: UInt64
  ) throws(StoreError) -> (times: [Int64], isWhole: Bool) {
    let (sql, values) = query.times(limit: Self.timesCap + 1)
    var times: [Int64] = []
    let isWhole = try connection.collect(sql, values, within: ms) {
      times.append($0.int(0))
    }
    return (times, isWhole && times.count <= Self.timesCap)
  }

  private static func histogram(
    of times: [Int64], _ attention: [Int64], isExact: Bool, buckets: Int, width: Int64?
  ) -> Histogram {
    guard let first = times.min(), let last = times.max() else {
      return isExact ? .empty : Histogram(bucketWidth: 60_000, buckets: [], isExact: false)
    }
    let span = Histogram.drawable(first...last)
    var counts = Histogram.Counts(
      width: width ?? Histogram.roundWidth(for: span, buckets: buckets))
    for time in times where span.contains(time) { counts.add(1, attention: 0, at: time) }
    for time in attention where span.contains(time) { counts.add(0, attention: 1, at: time) }
    return counts.histogram(isExact: isExact)
  }
}

extension Histogram {
  static let empty = Histogram(bucketWidth: 60_000, buckets: [], isExact: true)

  /// Nothing is drawn outside the years that a stamp can name.
  static func drawable(_ span: ClosedRange<Int64>) -> ClosedRange<Int64> {
    span.clamped(to: -Timestamp.latest...Timestamp.latest)
  }

  /// Counts by bucket, which come in any order.
  struct Counts {
    let width: Int64
    private var counts: [Int64: (events: Int, attention: Int)] = [:]

    init(width: Int64) { self.width = width }

    mutating func add(_ events: Int, attention: Int, at ts: Int64) {
      counts[floor(ts, width), default: (0, 0)].events += events
      counts[floor(ts, width), default: (0, 0)].attention += attention
    }

    /// The counts from the first bucket that holds an event to the last one.
    func histogram(isExact: Bool) -> Histogram {
      let filled = counts.filter { $0.value.events > 0 }.keys
      guard let first = filled.min(), let last = filled.max() else { return .empty }
      let buckets = (first...last).map { bucket in
        let count = counts[bucket] ?? (0, 0)
        return Bucket(
          start: bucket * width, count: count.events, attention: count.attention)
      }
      return Histogram(bucketWidth: width, buckets: buckets, isExact: isExact)
    }
  }

  /// The smallest round span, a second and up, that needs no more than `buckets`.
  static func roundWidth(for span: ClosedRange<Int64>, buckets: Int) -> Int64 {
    let second: Int64 = 1000
    let minute = 60 * second
    let hour = 60 * minute
    let day = 24 * hour
    let widths: [Int64] = [
      second, 5 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute,
      15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day,
      7 * day, 14 * day, 28 * day, 91 * day, 364 * day, 3640 * day, 36_400 * day,
    ]
    let length = span.upperBound - span.lowerBound
    return widths.first { length / $0 + 2 <= Int64(buckets) } ?? 364_000 * day
  }
}
