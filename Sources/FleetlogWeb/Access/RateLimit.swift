import FleetlogStore
import FleetlogThreads

/// So many at once and so many a second from each, told apart by a key.
///
/// Each key has a bucket that holds `burst` and fills again at `perSecond`; a key whose bucket is
/// full is forgotten, so the table holds only who was busy lately.
final class RateLimit: Sendable {
  private struct Bucket: Sendable {
    var left: Double
    /// ms.
    var filledAt: Int64
  }

  /// Keys beyond these are counted as one: a flood of addresses must not fill the memory.
  private static let keys = 4096
  private static let others = ""

  private let burst: Double
  private let perMs: Double
  private let clock: @Sendable () -> Int64
  private let buckets = Monitor<[String: Bucket]>([:])

  /// - Parameter clock: ms that never run back.
  init(burst: Int, perSecond: Double, clock: @escaping @Sendable () -> Int64) {
    self.burst = Double(burst)
    perMs = perSecond / 1000
    self.clock = clock
  }

  /// Takes one, if there is one.
  ///
  /// - Returns: nil where there was, else the whole seconds until there is one again.
  func take(_ key: String) -> Int? {
    let now = clock()
    return buckets.withLock { buckets in
      if buckets.count >= Self.keys { forgetFull(&buckets, now) }
      let key = buckets[key] != nil || buckets.count < Self.keys ? key : Self.others
      var bucket = filled(buckets[key] ?? Bucket(left: burst, filledAt: now), now)
      defer { buckets[key] = bucket }
      guard bucket.left >= 1 else { return Int(((1 - bucket.left) / perMs / 1000).rounded(.up)) }
      bucket.left -= 1
      return nil
    }
  }

  /// Puts back what was taken and turned out not to count.
  func giveBack(_ key: String) {
    buckets.withLock { buckets in
      guard let bucket = buckets[key] else { return }
      buckets[key]?.left = min(burst, bucket.left + 1)
    }
  }

  private func filled(_ bucket: Bucket, _ now: Int64) -> Bucket {
    let gained = Double(max(0, now - bucket.filledAt)) * perMs
    return Bucket(left: min(burst, bucket.left + gained), filledAt: now)
  }

  private func forgetFull(_ buckets: inout [String: Bucket], _ now: Int64) {
    buckets = buckets.filter { filled($0.value, now).left < burst }
  }
}
