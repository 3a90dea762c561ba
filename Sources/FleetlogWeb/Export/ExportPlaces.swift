import FleetlogStore
import FleetlogThreads

/// How many documents are made at one time: each holds what it gathered of its session until its
/// client has taken all of it, however slowly that goes.
final class ExportPlaces: Sendable {
  /// One of them, given back when nobody refers to it any more.
  final class Place: Sendable {
    private let taken: Monitor<Int>

    fileprivate init(_ taken: Monitor<Int>) { self.taken = taken }

    deinit { taken.withLock { $0 -= 1 } }
  }

  private let limit: Int
  private let taken = Monitor(0)

  init(limit: Int) { self.limit = limit }

  /// A place; nil where all are taken.
  func take() -> Place? {
    let hasRoom = taken.withLock { taken in
      guard taken < limit else { return false }
      taken += 1
      return true
    }
    return hasRoom ? Place(taken) : nil
  }
}
