import FleetlogStore
import FleetlogThreads

/// The browsers that have signed in, each known by a random text that its cookie holds.
///
/// They are kept in memory: who restarts the server signs in again. Each holds only as long as the
/// token it was opened with.
final class BrowserSessions: Sendable {
  private struct Session: Sendable {
    let token: String
    /// ms.
    let endsAt: Int64
  }

  /// ms that a browser stays signed in.
  static let lifetime: Int64 = 7 * 24 * 3600 * 1000
  /// Beyond these the one that would end first makes room.
  private static let limit = 256

  private let sessions = Monitor<[String: Session]>([:])

  /// - Returns: what the cookie is to hold.
  func open(token: String, now: Int64) -> String {
    let id = Self.random()
    sessions.withLock { sessions in
      sessions = sessions.filter { $0.value.endsAt > now }
      if sessions.count >= Self.limit,
        let first = sessions.min(by: { $0.value.endsAt < $1.value.endsAt })
      {
        sessions[first.key] = nil
      }
      sessions[id] = Session(token: token, endsAt: now + Self.lifetime)
    }
    return id
  }

  func isOpen(_ id: String, token: String, now: Int64) -> Bool {
    sessions.withLock { sessions in
      guard let session = sessions[id] else { return false }
      if session.endsAt > now, session.token == token { return true }
      sessions[id] = nil
      return false
    }
  }

  func close(_ id: String) { sessions.withLock { $0[id] = nil } }

  /// 256 bits, from the system's own source.
  private static func random() -> String {
    (0..<4).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
