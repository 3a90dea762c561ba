/// One transcript file as Fleetlog knows it.
package struct SourceStatus: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    /// Read to its end or about to be.
    case reading
    /// No format knows its content; kept in the list so that nothing is silently skipped.
    case unrecognised
    /// Could not be opened or read; `lastError` says why.
    case unreadable
    /// Not read, since the settings say so or its session was forgotten; `lastError` says by which
    /// rule.
    case excluded
    /// No longer there, or replaced by other content under the same path.
    case gone
  }

  /// Why a file is excluded whose session was forgotten.
  package static let forgotten = "its session was forgotten"

  package let id: Int64
  package let path: String
  package let format: String?
  package let state: State
  /// Bytes, as last seen.
  package let size: Int64
  /// Bytes read and committed.
  package let offset: Int64
  package let lines: Int
  package let events: Int
  package let skippedLines: Int
  package let mendedLines: Int
  package let lastError: String?
  /// ms since the Unix epoch.
  package let modifiedAt: Int64
  package let lastReadAt: Int64?

  package init(
    id: Int64, path: String, format: String?, state: State, size: Int64, offset: Int64,
    lines: Int, events: Int, skippedLines: Int, mendedLines: Int, lastError: String?,
    modifiedAt: Int64, lastReadAt: Int64?
  ) {
    self.id = id
    self.path = path
    self.format = format
    self.state = state
    self.size = size
    self.offset = offset
    self.lines = lines
    self.events = events
    self.skippedLines = skippedLines
    self.mendedLines = mendedLines
    self.lastError = lastError
    self.modifiedAt = modifiedAt
    self.lastReadAt = lastReadAt
  }
}

/// Which sources a list shows.
package struct SourceQuery: Sendable {
  /// 1–500.
  package var limit = 100
  /// What the page before gave as `next`.
  package var after: String?

  package init() {}
}

package struct SourcePage: Sendable {
  package let sources: [SourceStatus]
  package let next: String?
  /// All that were ever known.
  package let total: Int

  package init(sources: [SourceStatus], next: String?, total: Int) {
    self.sources = sources
    self.next = next
    self.total = total
  }
}

/// A line, or a part of one, that could not be taken, with its reason and place.
package struct SourceProblem: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The line was passed over.
    case skipped
    /// The line was read after its text was mended.
    case mended
    /// An event block stood in a code fence and was taken as an example.
    case fencedBlock = "fenced_block"
    /// A record of a kind that the format's reader does not know; nothing else was lost.
    case unknownRecord = "unknown_record"
  }

  package let kind: Kind
  package let span: SourceSpan
  package let reason: String

  package init(kind: Kind, span: SourceSpan, reason: String) {
    self.kind = kind
    self.span = span
    self.reason = reason
  }
}

/// Contract compliance and refused blocks, for `/validation`.
package struct ValidationReport: Sendable {
  /// `validation_error` events, newest first.
  package let errors: [StoredEvent]
  package let totalErrors: Int
  /// Blocks inside code fences, counted as ignored, newest first, with their file.
  package let fenced: [(fileID: Int64, path: String, problem: SourceProblem)]
  package let totalFenced: Int
  package let compliance: [ContractCompliance]

  package init(
    errors: [StoredEvent], totalErrors: Int,
    fenced: [(fileID: Int64, path: String, problem: SourceProblem)], totalFenced: Int,
    compliance: [ContractCompliance]
  ) {
    self.errors = errors
    self.totalErrors = totalErrors
    self.fenced = fenced
    self.totalFenced = totalFenced
    self.compliance = compliance
  }
}

/// How the contract is kept by one agent with one model, as taught in one version.
package struct ContractCompliance: Sendable, Equatable {
  /// nil where no start of a run said it.
  package let agent: String?
  package let model: String?
  /// The version that blocks echo; nil for turns of runs that never echoed one.
  package let contractVersion: String?
  /// Finished turns, as their transcripts tell them.
  package let turns: Int
  /// Turns that carried a valid event block.
  package let kept: Int
  /// Turns that carried a block which was refused, in whole or in part.
  package let refused: Int

  package init(
    agent: String?, model: String?, contractVersion: String?, turns: Int, kept: Int, refused: Int
  ) {
    self.agent = agent
    self.model = model
    self.contractVersion = contractVersion
    self.turns = turns
    self.kept = kept
    self.refused = refused
  }

  /// Kept of all turns, 0 to 1; nil where there are none.
  package var share: Double? { turns > 0 ? Double(kept) / Double(turns) : nil }
}

/// The whole log in a few figures, for `/`, `/healthz` and the command line.
package struct LogOverview: Sendable {
  package let events: Int
  package let sessions: Int
  package let sources: Int
  package let validationErrors: Int
  package let lastEventID: Int64
  /// ms since the Unix epoch; nil in an empty log.
  package let firstEventAt: Int64?
  package let lastEventAt: Int64?
  /// Events that the full-text index has not taken in yet.
  package let searchLag: Int

  /// What is shown of a log that can't be read.
  package static let unknown = LogOverview(
    events: 0, sessions: 0, sources: 0, validationErrors: 0, lastEventID: 0, firstEventAt: nil,
    lastEventAt: nil, searchLag: 0)

  package init(
    events: Int, sessions: Int, sources: Int, validationErrors: Int, lastEventID: Int64,
    firstEventAt: Int64?, lastEventAt: Int64?, searchLag: Int
  ) {
    self.events = events
    self.sessions = sessions
    self.sources = sources
    self.validationErrors = validationErrors
    self.lastEventID = lastEventID
    self.firstEventAt = firstEventAt
    self.lastEventAt = lastEventAt
    self.searchLag = searchLag
  }
}
