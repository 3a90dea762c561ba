import FleetlogIngest
import FleetlogThreads
import FleetlogWeb

/// What is wrong right now, for `/healthz`: whoever meets a trouble notes it here and takes it back
/// when it has passed.
final class Health: Sendable {
  enum Part: Int, Sendable {
    case log
    case fullText
  }

  private struct State {
    var troubles: [Part: String] = [:]
    var lanes: Lanes?
    var optional: [String] = []
  }

  private let state = Monitor(State())

  /// A folder whose listing takes longer than this, in ms, stands on a mount that may hang.
  private static let patience: Int64 = 10_000

  /// - Parameter trouble: nil where all is well.
  func note(_ part: Part, _ trouble: String?) {
    state.withLock { $0.troubles[part] = trouble }
  }

  /// Counts what can't be watched or read among the troubles.
  ///
  /// - Parameter optional: folders that nobody named and that need not be there.
  func watch(_ lanes: Lanes, optional: [String] = []) {
    state.withLock { ($0.lanes, $0.optional) = (lanes, optional) }
  }

  /// Sentences for people; none where all is well.
  var troubles: [String] {
    let noted = state.withLock { $0.troubles }
    return noted.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value) + readingTroubles
  }

  /// Those of them that are about what is read, and not about the log.
  var readingTroubles: [String] {
    let (lanes, optional) = state.withLock { ($0.lanes, $0.optional) }
    guard let lanes else { return [] }
    return lanes.statuses.flatMap { Self.sentences($0, optional: optional) } + lanes.troubles
  }

  /// What is watched, each folder once, in the order in which they were named.
  var folders: [WatchedFolder] {
    let lanes = state.withLock { $0.lanes }
    var seen: Set<String> = []
    return (lanes?.statuses ?? []).flatMap(\.roots).compactMap { root in
      guard seen.insert(root.path.text).inserted else { return nil }
      let state: WatchedFolder.State =
        switch root.state {
        case .watched, .covered: .watched
        case .awaited: .awaited
        case .refused(let reason): .refused(reason)
        }
      return WatchedFolder(path: root.path.text, state: state)
    }
  }

  static func sentences(_ status: WatchStatus, optional: [String] = []) -> [String] {
    var sentences: [String] = []
    for root in status.roots {
      switch root.state {
      case .watched, .covered: continue
      case .awaited where optional.contains(root.path.text): continue
      case .awaited:
        sentences.append("\(root.path) is not there; it is read as soon as it is.")
      case .refused(let reason): sentences.append("\(root.path) can’t be watched: \(reason).")
      }
    }
    for passedOver in status.passedOver {
      guard case .unreadable = passedOver.reason else { continue }
      sentences.append("\(passedOver.path) can’t be read: \(passedOver.detail).")
    }
    if let listing = status.listing, listing.forMs > patience {
      sentences.append(
        "\(listing.folder) has not answered for \(listing.forMs / 1000) s: its mount may hang.")
    }
    return sentences
  }
}
