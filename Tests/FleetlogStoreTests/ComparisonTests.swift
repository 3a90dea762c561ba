import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@Suite("Two times in one histogram")
struct ComparisonTests {
  private static let hour: Int64 = 3_600_000

  /// A log with so many events in each hour from 1970 on.
  private func log(_ counts: [Int]) throws -> (TemporaryLog, EventLog) {
    let log = try TemporaryLog()
    var drafts: [EventDraft] = []
    for (hour, count) in counts.enumerated() {
      for number in 0..<count {
        drafts.append(
          .sample("\(hour) \(number)", ts: Int64(hour) * Self.hour + Int64(number) * 1000 + 1))
      }
    }
    try log.append(drafts)
    return (log, try log.reader())
  }

  @Test("the time before stands beneath, bar by bar, by totals and by the events themselves")
  func previous() throws {
    let (kept, reader) = try log([1, 2, 3, 4, 5, 6, 7, 8])
    defer { withExtendedLifetime(kept) {} }
    for change: (inout EventFilter) -> Void in [{ _ in }, { $0.roles = ["worker"] }] {
      var filter = EventFilter()
      // Not the start of the run, which is an event too.
      filter.types = ["progress"]
      change(&filter)
      filter.since = 4 * Self.hour
      filter.until = 8 * Self.hour
      let (now, then) = try reader.comparison(filter, shift: nil, now: 0, buckets: 6)
      let earlier = try #require(then)
      #expect(now.bucketWidth == Self.hour)
      #expect(now.buckets.map(\.count) == [5, 6, 7, 8])
      #expect(earlier.counts == [1, 2, 3, 4])
      #expect(earlier.shift == 4 * Self.hour && earlier.isExact)
    }
  }

  @Test("any other shift is rounded up to whole bars, and what was not there counts nothing")
  func shift() throws {
    let (kept, reader) = try log([4, 0, 2])
    defer { withExtendedLifetime(kept) {} }
    var filter = EventFilter()
    filter.types = ["progress"]
    filter.since = Self.hour
    let (now, then) = try reader.comparison(
      filter, shift: Self.hour / 2, now: 4 * Self.hour, buckets: 6)
    let earlier = try #require(then)
    #expect(earlier.shift == Self.hour)
    #expect(now.buckets.map(\.count) == [0, 2, 0])
    #expect(earlier.counts == [4, 0, 2])
    #expect(now.buckets.map(\.start) == [1, 2, 3].map { $0 * Self.hour })
  }

  @Test("without an event there is nothing to compare")
  func empty() throws {
    let (kept, reader) = try log([])
    defer { withExtendedLifetime(kept) {} }
    let (now, then) = try reader.comparison(EventFilter(), shift: nil, now: 0, buckets: 6)
    #expect(now.buckets.isEmpty && then == nil)
  }
}
