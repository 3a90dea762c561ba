package import FleetlogEvents
import Glibc

/// The way of event lines to a log: through its server where one is up, else straight to its
/// database, else into the drop folder, where they wait.
///
/// A line may go more than one of these ways, since a server can die before it has answered. So
/// each has an idempotency key, by which it is written once.
package struct EventRoute: Sendable {
  /// What became of some lines.
  package enum Sent: Sendable {
    /// In the log, or refused by it: an answer for each line.
    case answered([LogAnswer])
    /// In this file, until a server reads it; their ids are not known.
    case dropped(file: String)
    /// Nowhere: no server, no database, no room in the drop folder.
    case lost
  }

  /// Writes lines straight to the database; nil where that can't be done.
  package typealias Direct = @Sendable ([[UInt8]]) -> [LogAnswer]?

  package let places: LogPlaces
  private let direct: Direct
  /// Has what was written straight to the database survive a power cut, where that was deferred.
  package let settle: @Sendable () -> Void
  /// How long a server is waited for, in ms.
  private let patience: Int

  package init(
    places: LogPlaces, patience: Int = 8000, direct: Direct? = nil,
    settle: @escaping @Sendable () -> Void = {}
  ) {
    self.settle = settle
    self.places = places
    self.patience = patience
    self.direct = direct ?? { LogProgram.write($0, places: places) }
  }

  /// - Parameter name: what the file in the drop folder is called, without its ending.
  package func send(_ lines: [[UInt8]], name: String) -> Sent {
    if let server {
      switch server.post(lines) {
      case .answers(let answers): return .answered(answers)
      case .unsure:
        // The server holds the log and may be about to write: its own word, or the drop folder.
        if let answers = direct(lines) { return .answered(answers) }
        return drop(lines, name: name)
      case .unreachable: break
      }
    }
    if let answers = direct(lines) { return .answered(answers) }
    return drop(lines, name: name)
  }

  package func drop(_ lines: [[UInt8]], name: String) -> Sent {
    DropFile.append(lines, folder: places.runs, name: name).map { .dropped(file: $0) } ?? .lost
  }

  private var server: LocalServer? {
    if let notice = ServerNotice(at: places.serverNotice) {
      return server(notice.url, logID: notice.logID, asksForToken: notice.asksForToken)
    }
    return places.url.flatMap { server($0, logID: nil, asksForToken: places.namesTokenFile) }
  }

  /// - Parameter asksForToken: to whom does not ask for it, it is not sent.
  private func server(_ url: String, logID: String?, asksForToken: Bool) -> LocalServer? {
    LocalServer(
      url: url, logID: logID,
      token: asksForToken ? try? TokenFile(places.tokenFile).read() : nil, patience: patience)
  }

  /// The identity of the log, as far as its server's notice tells it.
  package var logID: String? { ServerNotice(at: places.serverNotice)?.logID }

  /// The address of the log's server, if one is up.
  package var serverURL: String? { ServerNotice(at: places.serverNotice)?.url ?? places.url }
}

/// A text that no other process makes: for keys that name a fact before it is in a log.
package enum Nonce {
  package static func make() -> String {
    func part() -> String {
      let text = String(UInt64.random(in: .min ... .max), radix: 36)
      return String(repeating: "0", count: 13 - text.count) + text
    }
    return part() + part()
  }
}
