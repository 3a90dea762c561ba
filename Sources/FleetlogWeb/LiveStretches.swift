import FleetlogEvents
import FleetlogStore
import FleetlogThreads

/// What live streams have lately been sent, so that those that follow the same filter from the same
/// place share one question to the log and one piece of memory: a thousand open pages cost the
/// log little more than one.
///
/// What lies between two ids of the log stays what it is, so a kept answer never grows old; only
/// answers that got on are kept, lest one that says "nothing yet" be taken for news.
final class LiveStretches: Sendable {
  /// What a stream gets in one turn.
  struct Stretch: Sendable {
    /// Frames, ready to be sent.
    let bytes: [UInt8]
    /// Where the next turn begins.
    let readTo: Int64
    let hasMore: Bool
  }

  /// One filter that is followed, by however many.
  final class Follower: Sendable {
    fileprivate let filter: EventFilter
    /// The stretches by where they begin, oldest first.
    fileprivate let kept = Monitor<[(from: Int64, stretch: Stretch)]>([])

    fileprivate init(_ filter: EventFilter) { self.filter = filter }
  }

  private let log: EventLog
  /// Those of filters that are followed just now.
  private let followers = Monitor<[(filter: EventFilter, follower: Weak)]>([])

  private struct Weak: Sendable { weak let follower: Follower? }

  /// Stretches that are kept of one filter, and bytes above which one is not.
  private static let mostKept = 8
  private static let mostBytes = 1 << 20
  private static let rowsPerTurn = 200

  init(log: EventLog) { self.log = log }

  /// The follower of a filter, shared with every stream that follows the same.
  func follower(of filter: EventFilter) -> Follower {
    followers.withLock { followers in
      followers.removeAll { $0.follower.follower == nil }
      if let known = followers.first(where: { $0.filter == filter })?.follower.follower {
        return known
      }
      let new = Follower(filter)
      followers.append((filter, Weak(follower: new)))
      return new
    }
  }

  /// The next events behind an id.
  func next(_ follower: Follower, after id: Int64) throws(StoreError) -> Stretch {
    if let kept = follower.kept.withLock({ $0.last { $0.from == id } }) { return kept.stretch }
    let found = try log.events(after: id, filter: follower.filter, limit: Self.rowsPerTurn)
    var bytes: [UInt8] = []
    for row in found.rows {
      bytes += "id: \(row.event.id)\n".utf8
      bytes += LiveStream.frame("event", JSONTwin.row(row).bytes)
    }
    let stretch = Stretch(bytes: bytes, readTo: found.readTo, hasMore: found.hasMore)
    guard found.readTo > id, bytes.count <= Self.mostBytes else { return stretch }
    follower.kept.withLock { kept in
      kept.append((id, stretch))
      if kept.count > Self.mostKept { kept.removeFirst() }
    }
    return stretch
  }
}
