package import FleetlogEvents

/// What one turn of reading one transcript came to; committed whole or not at all.
package struct EventBatch: Sendable {
  package var drafts: [EventDraft]
  package var problems: [SourceProblem]
  /// The lines that were read, as receipts.
  package var lines: [Line]
  /// The lines as chunks, where whoever read them has packed them; then `lines` is empty.
  package var chunks: [TranscriptChunk]
  package var source: SourceUpdate?
  /// Set where a newer parser reads again what has been read: what comes out otherwise than it
  /// stands in the log supersedes it there.
  package var revision: Revision?

  package struct Revision: Sendable {
    package let fileID: Int64
    package let parserVersion: Int
    /// What the newer parser remembers at the place where the file was left; set with the last
    /// batch, which makes the file one of that parser.
    package let final: (parserState: String, isHolding: Bool)?

    package init(
      fileID: Int64, parserVersion: Int, final: (parserState: String, isHolding: Bool)?
    ) {
      self.fileID = fileID
      self.parserVersion = parserVersion
      self.final = final
    }
  }

  package struct Line: Sendable {
    /// Bytes from the start of the file.
    package let offset: Int64
    package let bytes: [UInt8]

    package init(offset: Int64, bytes: [UInt8]) {
      self.offset = offset
      self.bytes = bytes
    }
  }

  package init(
    drafts: [EventDraft], problems: [SourceProblem] = [], lines: [Line] = [],
    chunks: [TranscriptChunk] = [], source: SourceUpdate? = nil, revision: Revision? = nil
  ) {
    self.drafts = drafts
    self.problems = problems
    self.lines = lines
    self.chunks = chunks
    self.source = source
    self.revision = revision
  }
}

/// How far a transcript has been read once a batch is committed.
package struct SourceUpdate: Sendable {
  package let fileID: Int64
  package let device: Int64
  package let inode: Int64
  /// The reader's cursor in its own text form.
  package let cursor: String
  /// Bytes.
  package let offset: Int64
  package let size: Int64
  /// ms since the Unix epoch.
  package let modifiedAt: Int64
  /// Lines read in this batch.
  package let lines: Int
  package let parserState: String
  /// Whether the parser holds something back until the file has been quiet for a while.
  package let isHolding: Bool
  /// Whether the file was read; false where its parser only said its last, which a file that is
  /// gone or can't be read lives to see too.
  package let isRead: Bool
  /// Whether the lines are not the file's bytes but were made of them: then the file can't show
  /// them again, and they are kept whatever they came to.
  package let isUnrolled: Bool

  package init(
    fileID: Int64, device: Int64, inode: Int64, cursor: String, offset: Int64, size: Int64,
    modifiedAt: Int64, lines: Int, parserState: String, isHolding: Bool, isRead: Bool = true,
    isUnrolled: Bool = false
  ) {
    self.fileID = fileID
    self.device = device
    self.inode = inode
    self.cursor = cursor
    self.offset = offset
    self.size = size
    self.modifiedAt = modifiedAt
    self.lines = lines
    self.parserState = parserState
    self.isHolding = isHolding
    self.isRead = isRead
    self.isUnrolled = isUnrolled
  }
}

/// What a commit did.
package struct Appended: Sendable, Equatable {
  /// The highest event id: what live streams and projections have to catch up with.
  package var revision: Int64 = 0
  package var inserted = 0
  /// Drafts whose fact was in the log already.
  package var existing = 0
  package var links = 0
  package var validationErrors = 0
  /// Events that were superseded because a newer parser reads them otherwise.
  package var superseded = 0
  /// Events that were inferred from what is in the log.
  package var inferred = 0

  package init() {}

  package mutating func add(_ other: Appended) {
    revision = max(revision, other.revision)
    inserted += other.inserted
    existing += other.existing
    links += other.links
    validationErrors += other.validationErrors
    superseded += other.superseded
    inferred += other.inferred
  }
}
