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
