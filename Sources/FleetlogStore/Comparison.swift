package import FleetlogEvents

extension EventLog {
  /// A histogram with the counts of an earlier time beneath it, bar by bar.
  ///
  /// - Parameters:
  ///   - shift: how much earlier, in ms; nil for the time right before, of the same length. It is
  ///     rounded up to whole bars.
  ///   - now: where a time without an end ends, ms since the Unix epoch.
  ///   - survey: of the same filter, where it was made.
  package func comparison(
    _ filter: EventFilter, shift: Int64?, now: Int64, buckets: Int, survey: EventSurvey? = nil
  ) throws(StoreError) -> (histogram: Histogram, earlier: Histogram.Earlier?) {
    let drawn = try histogram(filter, buckets: buckets, survey: survey)
    guard let first = drawn.buckets.first, let last = drawn.buckets.last else {
      return (drawn, nil)
    }
    let start = filter.since ?? first.start
    let drawnEnd = last.start + drawn.bucketWidth
    let end = max(filter.until ?? (filter.since == nil ? drawnEnd : max(now, drawnEnd)), start + 1)
    let width = Histogram.roundWidth(for: start...(end - 1), buckets: buckets)
    let whole = shift ?? (end - start)
    let steps = max(1, (whole + width - 1) / width)
    let range = floor(start, width)...floor(end - 1, width)
    var earlierFilter = filter
    earlierFilter.since = max(start - steps * width, -Timestamp.latest)
    earlierFilter.until = max(end - steps * width, -Timestamp.latest)
    let now = try histogram(filter, buckets: buckets, width: width, survey: survey)
    let then = try histogram(earlierFilter, buckets: buckets, width: width)
    let counts = Dictionary(
      then.buckets.map { (floor($0.start, width) + steps, $0.count) }, uniquingKeysWith: +)
    let known = Dictionary(
      now.buckets.map { (floor($0.start, width), $0) }, uniquingKeysWith: { first, _ in first })
    return (
      Histogram(
        bucketWidth: width,
        buckets: range.map {
          known[$0] ?? Histogram.Bucket(start: $0 * width, count: 0, attention: 0)
        }, isExact: now.isExact),
      Histogram.Earlier(
        shift: steps * width, counts: range.map { counts[$0] ?? 0 }, isExact: then.isExact)
    )
  }
}
