import FleetlogIngest
import Synchronization

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
  }

  private let state = Mutex(State())

  /// A folder whose listing takes longer than this, in ms, stands on a mount that may hang.
  private static let patience: Int64 = 10_000

  /// - Parameter trouble: nil where all is well.
  func note(_ part: Part, _ trouble: String?) {
    state.withLock { $0.troubles[part] = trouble }
  }

  /// Counts what can't be watched or read among the troubles.
  func watch(_ lanes: Lanes) { state.withLock { $0.lanes = lanes } }

  /// Sentences for people; none where all is well.
  var troubles: [String] {
    let (noted, lanes) = state.withLock { ($0.troubles, $0.lanes) }
    let sentences = noted.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    return sentences + Self.sentences(lanes)
  }

  /// Those of them that are about what is read, and not about the log.
  var readingTroubles: [String] { Self.sentences(state.withLock { $0.lanes }) }

  private static func sentences(_ lanes: Lanes?) -> [String] {
    guard let lanes else { return [] }
    return lanes.statuses.flatMap(sentences) + lanes.troubles
  }

  static func sentences(_ status: WatchStatus) -> [String] {
    var sentences: [String] = []
    for root in status.roots {
      switch root.state {
      case .watched, .covered: continue
      case .awaited:
        sentences.append("\(root.path) is not there; it is read as soon as it is back.")
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
