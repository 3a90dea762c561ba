import FleetlogStore
import FleetlogThreads
import Testing

@testable import FleetlogWeb

/// A clock that a test sets.
final class TestClock: Sendable {
  private let time = Monitor<Int64>(1_000_000)
  var now: Int64 { time.withLock { $0 } }
  func advance(ms: Int64) { time.withLock { $0 += ms } }
}

@Suite("A limit of the rate")
struct RateLimitTests {
  private let clock = TestClock()

  private func limit(_ burst: Int, perSecond: Double) -> RateLimit {
    RateLimit(burst: burst, perSecond: perSecond) { [clock] in clock.now }
  }

  @Test("lets a burst through, then says how many seconds to wait")
  func burst() {
    let limit = limit(3, perSecond: 0.1)
    for _ in 1...3 { #expect(limit.take("a") == nil) }
    #expect(limit.take("a") == 10)
    clock.advance(ms: 4000)
    #expect(limit.take("a") == 6)
    clock.advance(ms: 6000)
    #expect(limit.take("a") == nil)
    #expect(limit.take("a") == 10)
  }

  @Test("recovers to the burst and no further")
  func recovery() {
    let limit = limit(2, perSecond: 1)
    #expect(limit.take("a") == nil)
    clock.advance(ms: 3_600_000)
    #expect(limit.take("a") == nil)
    #expect(limit.take("a") == nil)
    #expect(limit.take("a") == 1)
  }

  @Test("counts each for itself")
  func keys() {
    let limit = limit(1, perSecond: 1)
    #expect(limit.take("a") == nil)
    #expect(limit.take("b") == nil)
    #expect(limit.take("a") != nil)
  }

  @Test("takes back what did not count")
  func givingBack() {
    let limit = limit(1, perSecond: 1)
    for _ in 1...5 {
      #expect(limit.take("a") == nil)
      limit.giveBack("a")
    }
    #expect(limit.take("a") == nil)
    #expect(limit.take("a") == 1)
  }

  @Test("counts a flood of addresses as one, and forgets who is at rest")
  func flood() {
    let limit = limit(2, perSecond: 1)
    for number in 0..<4096 { #expect(limit.take("early \(number)") == nil) }
    #expect(limit.take("late 1") == nil)
    #expect(limit.take("late 2") == nil)
    #expect(limit.take("late 3") != nil)
    clock.advance(ms: 2000)
    #expect(limit.take("late 4") == nil)
    #expect(limit.take("late 5") == nil)
    #expect(limit.take("late 6") == nil)
  }
}
