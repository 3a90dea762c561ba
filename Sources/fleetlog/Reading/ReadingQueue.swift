import FleetlogIngest

/// Whose turn it is: files that are being written to come before those read for the first time.
struct ReadingQueue {
  /// Which of the files that are read for the first time come first.
  enum Order {
    /// In the order in which they were taken; a long file lets the others in between its turns.
    case asTaken
    /// By the time of their last change, since what is recent is looked at first.
    case newestFirst
  }

  /// A file of the backlog; one that no longer agrees with `waiting` was taken or put anew.
  private struct Entry {
    let path: FilePath
    let rank: Int64
  }

  private let order: Order
  private var live: ArraySlice<FilePath> = []
  /// The highest rank last, once it is sorted.
  private var backlog: [Entry] = []
  private var isSorted = true
  /// The files that wait, with their rank in the backlog; live ones have none.
  private var waiting: [FilePath: Int64?] = [:]
  private var added: Int64 = 0
  private var liveInARow = 0
  /// After so many turns at live files one of the backlog is taken, so that it gets on.
  private static let liveShare = 8

  init(_ order: Order) { self.order = order }

  var isEmpty: Bool { waiting.isEmpty }

  func holds(_ path: FilePath) -> Bool { waiting[path] != nil }

  /// - Parameter modifiedAt: when the file was last changed; one that changes again while it waits
  ///   moves to the front where the newest come first.
  mutating func add(_ path: FilePath, isLive: Bool, modifiedAt: Int64 = 0) {
    if let known = waiting[path] {
      guard order == .newestFirst, let rank = known, rank < modifiedAt else { return }
    } else if isLive {
      waiting[path] = .some(nil)
      live.append(path)
      return
    }
    added += 1
    let rank = order == .newestFirst ? modifiedAt : -added
    waiting[path] = rank
    isSorted = isSorted && (backlog.last?.rank ?? .min) <= rank
    backlog.append(Entry(path: path, rank: rank))
  }

  /// A file with more to read.
  mutating func again(_ path: FilePath, modifiedAt: Int64) {
    add(path, isLive: false, modifiedAt: modifiedAt)
  }

  /// A file whose turn failed comes first again.
  mutating func putBack(_ path: FilePath) {
    guard waiting[path] == nil else { return }
    waiting[path] = .some(nil)
    live.insert(path, at: live.startIndex)
  }

  mutating func next() -> (path: FilePath, isLive: Bool)? {
    let takesLive = !live.isEmpty && (live.count == waiting.count || liveInARow < Self.liveShare)
    liveInARow = takesLive ? liveInARow + 1 : 0
    guard let path = takesLive ? live.popFirst() : nextOfBacklog() else { return nil }
    waiting[path] = nil
    return (path, takesLive)
  }

  private mutating func nextOfBacklog() -> FilePath? {
    if !isSorted {
      backlog.sort { $0.rank < $1.rank }
      isSorted = true
    }
    while let entry = backlog.popLast() {
      if let known = waiting[entry.path], known == entry.rank { return entry.path }
    }
    return nil
  }
}
