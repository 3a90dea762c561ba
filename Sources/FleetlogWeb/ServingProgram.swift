package import FleetlogEvents

/// The program around the dashboard: what it takes from it, and what it tells of itself. One that
/// only shows a log takes nothing and has nothing to tell.
package struct ServingProgram: Sendable {
  /// Where posted events go; nil where none are taken.
  package var events: (any EventSink)?
  /// What keeps the program from its work right now, in sentences.
  package var troubles: @Sendable () -> [String] = { [] }
  /// The folders that it watches; none for one that only shows a log.
  package var folders: @Sendable () -> [WatchedFolder] = { [] }
  /// What it has to tell for `/metrics`.
  package var figures: @Sendable () -> ServingFigures = { ServingFigures() }
  /// Takes what the operator alone should read of a failure: it may name files.
  package var report: @Sendable (String) -> Void = { _ in }

  package init() {}
}

/// A folder below which transcripts are read.
package struct WatchedFolder: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case watched
    /// Not there; taken up as soon as it is.
    case awaited
    /// Can't be watched; the text says why.
    case refused(String)
  }

  package let path: String
  package let state: State

  package init(path: String, state: State) {
    self.path = path
    self.state = state
  }
}

/// What the program around the dashboard has to tell for `/metrics`.
package struct ServingFigures: Sendable {
  package var version = ""
  /// Transactions of the writer, committed or not.
  package var transactions = DurationHistogram()
  /// What was read and waits for the writer.
  package var queuedTurns = 0
  package var queuedBytes = 0
  /// Events that were posted and wait for the writer.
  package var postedEvents = 0
  /// Connections that are open, that may be, and that were turned away.
  package var connections = 0
  package var mostConnections = 0
  package var connectionsTurnedAway = 0

  package init() {}
}
