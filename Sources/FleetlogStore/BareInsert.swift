/// Writes what a log holds once more, into a database beside it, with nothing but SQLite: no
/// ledgers, no receipts, no keys looked up. What `fleetlog bench` holds the writer against.
package enum BareInsert {
  /// Rows per transaction.
  private static let batchSize: Int64 = 5000
  private static let settings = """
    PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;
    """

  /// Inserts every event of a log into a new database that has the same table with the same
  /// indexes.
  ///
  /// - Returns: rows, and seconds that SQLite took.
  package static func events(
    of log: String, into path: String
  ) throws(StoreError) -> (rows: Int, seconds: Double) {
    let connection = try Connection(path: path, access: .readWrite)
    try connection.script(settings, operation: "set the database up")
    try connection.run("ATTACH DATABASE ? AS log", [.text(log)])
    let schema = try connection.rows(
      """
      SELECT sql FROM log.sqlite_schema WHERE tbl_name = 'events' AND sql IS NOT NULL
      ORDER BY type DESC
      """
    ) { $0.text(0) }
    for statement in schema {
      try connection.script(statement, operation: "create the table of events")
    }
    let last = try connection.first("SELECT max(id) FROM log.events") { $0.int(0) } ?? 0
    var rows = 0
    let start = ContinuousClock.now
    for first in stride(from: 1, through: last, by: Int64.Stride(batchSize)) {
      rows += try connection.transaction { () throws(StoreError) in
        try connection.run(
          "INSERT INTO main.events SELECT * FROM log.events WHERE id BETWEEN ? AND ?",
          [.int(first), .int(first + batchSize - 1)])
      }
    }
    return (rows, (ContinuousClock.now - start) / .seconds(1))
  }

  /// Inserts the text of every event of a log into a new full-text index. Reading and decoding
  /// the text does not count.
  ///
  /// - Returns: rows, and seconds that SQLite took.
  package static func fullText(
    of log: String, into path: String
  ) throws(StoreError) -> (rows: Int, seconds: Double) {
    let source = try Connection(path: log, access: .readOnly)
    let connection = try Connection(path: path, access: .readWrite)
    try connection.script(
      settings + "CREATE VIRTUAL TABLE event_text USING fts5(summary, tags, payload, content = '', "
        + "tokenize = 'unicode61 remove_diacritics 2');",
      operation: "create the full-text index")
    var last: Int64 = 0
    var rows = 0
    var time = Duration.zero
    while true {
      let texts = try source.rows(
        """
        SELECT id, summary, tags, \(EventColumns.payload) FROM events e WHERE id > ?
        ORDER BY id LIMIT ?
        """, [.int(last), .int(batchSize)]
      ) { row -> [Value] in
        let text = SearchIndex.Text(
          summary: row.blob(1), tags: row.blob(2), payload: row.blob(3))
        return [.int(row.int(0))] + text.values
      }
      guard case .int(let end)? = texts.last?.first else { break }
      last = end
      let start = ContinuousClock.now
      try connection.transaction { () throws(StoreError) in
        for text in texts {
          try connection.run(
            "INSERT INTO event_text (rowid, summary, tags, payload) VALUES (?, ?, ?, ?)", text)
        }
      }
      time += ContinuousClock.now - start
      rows += texts.count
    }
    return (rows, time / .seconds(1))
  }
}
