package import FleetlogEvents

extension EventLog {
  /// How many bytes of a receipt a page shows.
  static let receiptLimit = 256 << 10

  /// Every transcript, those that stand somewhere first.
  package func sources() throws(StoreError) -> [SourceStatus] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        "SELECT \(Self.sourceColumns) FROM files f "
          + "ORDER BY (f.state = 'gone'), f.modified_at DESC, f.id DESC LIMIT 5000"
      ) { Self.readSource($0) }
    }
  }

  /// A page of the list: files with something wrong first, those that are gone last, and within
  /// each kind the newest change first.
  ///
  /// - Returns: nil where `after` is not a cursor of this list.
  package func sources(_ query: SourceQuery) throws(StoreError) -> SourcePage? {
    var condition = ""
    var values: [Value] = []
    if let after = query.after {
      let parts = after.split(separator: "_", omittingEmptySubsequences: false).map { Int64($0) }
      guard parts.count == 3, !parts.contains(nil) else { return nil }
      condition = "WHERE (f.standing, f.modified_at, f.id) < (?, ?, ?)"
      values = parts.map { Value($0) }
    }
    return try pool.withConnection { (connection) throws(StoreError) in
      let rows = try connection.rows(
        """
        SELECT \(Self.sourceColumns), f.standing FROM files f \(condition)
        ORDER BY f.standing DESC, f.modified_at DESC, f.id DESC LIMIT ?
        """, values + [Value(query.limit + 1)]
      ) { (source: Self.readSource($0), standing: $0.int(13)) }
      let shown = rows.prefix(query.limit)
      return SourcePage(
        sources: shown.map(\.source),
        next: rows.count > query.limit
          ? shown.last.map { "\($0.standing)_\($0.source.modifiedAt)_\($0.source.id)" } : nil,
        total: try connection.count("SELECT count(*) FROM files"))
    }
  }

  /// How many files are known and still there of each folder, with everything below it that is not
  /// below another of the folders: each file counts at the innermost.
  package func fileCounts(below folders: [String]) throws(StoreError) -> [Int] {
    let starts = folders.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    return try pool.withConnection { (connection) throws(StoreError) in
      var counts: [Int] = []
      for start in starts {
        let inner = Set(starts.filter { $0 != start && $0.hasPrefix(start) })
        let sql =
          "SELECT count(*) FROM files WHERE path >= ? AND path < ? AND state <> 'gone'"
          + inner.map { _ in " AND NOT (path >= ? AND path < ?)" }.joined()
        // "0" follows "/".
        let bounds = ([start] + inner).flatMap { [$0, String($0.dropLast()) + "0"] }
        counts.append(try connection.count(sql, bounds.map { .text($0) }))
      }
      return counts
    }
  }

  package func source(_ id: Int64) throws(StoreError) -> SourceStatus? {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.first(
        "SELECT \(Self.sourceColumns) FROM files f WHERE f.id = ?", [.int(id)]
      ) { Self.readSource($0) }
    }
  }

  /// The files that could not be opened or read, newest change first.
  package func unreadableSources() throws(StoreError) -> [SourceStatus] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT \(Self.sourceColumns) FROM files f
        WHERE f.standing = 2 AND f.state = 'unreadable' ORDER BY f.modified_at DESC, f.id DESC
        """
      ) { Self.readSource($0) }
    }
  }

  /// How far an unrolled file has been read is not counted in its own bytes: it is read whole.
  private static let sourceColumns =
    "f.id, f.path, f.format, f.state, f.size, iif(f.is_unrolled, f.size, f.read_offset), "
    + "f.lines, f.events, "
    + "f.skipped_lines, f.mended_lines, f.last_error, f.modified_at, f.last_read_at"

  private static func readSource(_ row: Statement) -> SourceStatus {
    SourceStatus(
      id: row.int(0), path: row.text(1), format: row.optionalText(2),
      state: SourceStatus.State(rawValue: row.text(3)) ?? .gone, size: row.int(4),
      offset: row.int(5), lines: Int(row.int(6)), events: Int(row.int(7)),
      skippedLines: Int(row.int(8)), mendedLines: Int(row.int(9)),
      lastError: row.optionalText(10), modifiedAt: row.int(11), lastReadAt: row.optionalInt(12))
  }

  /// What could not be taken, newest first; of one source or of all.
  package func problems(
    source: Int64?, limit: Int
  ) throws(StoreError) -> [(source: SourceStatus, problem: SourceProblem)] {
    try problems(
      where: source == nil ? "1" : "p.file_id = ?", source.map { [.int($0)] } ?? [], limit: limit)
  }

  private func problems(
    where condition: String, _ values: [Value], limit: Int
  ) throws(StoreError) -> [(source: SourceStatus, problem: SourceProblem)] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT \(Self.sourceColumns), p.kind, p.source_offset, p.source_length, p.reason
        FROM file_problems p JOIN files f ON f.id = p.file_id WHERE \(condition)
        ORDER BY p.noted_at DESC, p.file_id, p.source_offset LIMIT ?
        """, values + [Value(limit)]
      ) { row in
        (
          Self.readSource(row),
          SourceProblem(
            kind: SourceProblem.Kind(rawValue: row.text(13)) ?? .skipped,
            span: SourceSpan(offset: row.int(14), length: row.int(15)), reason: row.text(16))
        )
      }
    }
  }

  /// Refused blocks, ignored ones, and how each agent keeps the contract.
  package func validation(limit: Int) throws(StoreError) -> ValidationReport {
    var filter = EventFilter()
    filter.types = [EventType.validationError.rawValue]
    filter.limit = min(limit, EventFilter.limits.upperBound)
    let errors = try events(filter)
    let fenced = try problems(where: "p.kind = 'fenced_block'", [], limit: limit)
    return try pool.withConnection { (connection) throws(StoreError) in
      let total = try connection.count(
        "SELECT count(*) FROM file_problems WHERE kind = 'fenced_block'")
      return ValidationReport(
        errors: errors.rows.map(\.event), totalErrors: errors.matched,
        fenced: fenced.map { ($0.source.id, $0.source.path, $0.problem) },
        totalFenced: total, compliance: try compliance(connection))
    }
  }

  /// A row per agent, model and version, of what the writer keeps: neither the log itself nor its
  /// sessions are read.
  private func compliance(_ connection: Connection) throws(StoreError) -> [ContractCompliance] {
    try connection.rows(
      """
      SELECT nullif(agent, ''), nullif(model, ''), nullif(contract_version, ''), turns, kept,
        refused
      FROM contract_totals WHERE turns > 0
      ORDER BY agent, sum(turns) OVER (PARTITION BY agent, model) DESC, model,
        contract_version DESC LIMIT 500
      """
    ) {
      ContractCompliance(
        agent: $0.optionalText(0), model: $0.optionalText(1), contractVersion: $0.optionalText(2),
        turns: Int($0.int(3)), kept: Int($0.int(4)), refused: Int($0.int(5)))
    }
  }

  /// The bytes an event came from: those that were kept, else those still in the file.
  func receipt(
    of event: StoredEvent, _ connection: Connection
  ) throws(StoreError) -> Receipt? {
    guard let file = event.sourceFileID, let span = event.span else { return nil }
    let path = try connection.first(
      "SELECT path, coalesce(path_bytes, CAST(path AS BLOB)), is_unrolled FROM files WHERE id = ?",
      [.int(file)]
    ) { (shown: $0.text(0), raw: $0.blob(1), isUnrolled: $0.bool(2)) }
    guard let path else { return nil }
    let kept = try TranscriptArchive.read(
      span, file: file, limit: Self.receiptLimit + Self.receiptMargin, from: connection)
    // Of lines that were made of the file, it can't be asked.
    let present =
      path.isUnrolled
      ? .unknown
      : PresentBytes.read(span, limit: Self.receiptLimit + Self.receiptMargin, path: path.raw)
    guard let bytes = kept ?? present.bytes else { return nil }
    return Receipt(
      fileID: file, path: path.shown, span: span,
      bytes: shown(bytes, masksSecrets: connection.masksSecrets),
      isCut: span.length > Self.receiptLimit,
      fileStillAgrees: present.isKnown ? kept.map { $0 == present.bytes } : nil)
  }
  /// Bytes behind the limit that are read too: what begins before it may be the beginning of a secret.
  private static let receiptMargin = 16 << 10

  private func shown(_ bytes: [UInt8], masksSecrets: Bool) -> [UInt8] {
    guard masksSecrets else { return Array(bytes.prefix(Self.receiptLimit)) }
    return bytes.withUnsafeBufferPointer { Redaction.masked($0, upTo: Self.receiptLimit) }
  }
}
