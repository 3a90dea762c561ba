import FleetlogEvents

/// The full-text index: a derived file beside the log, with a watermark, rebuildable at any time.
///
/// Its rows are numbered by event time (`seconds << 10 | tie`), so the newest hits come first
/// without sorting, in whatever order transcripts were read.
package final class SearchIndex {
  private let connection: Connection
  private let log: Connection
  private let writeAheadLog: WriteAheadLog
  /// Raised whenever the same events would be indexed otherwise; an older index is built anew.
  private static let version = 1
  /// Events, and bytes of their text, that are indexed in one transaction: SQLite writes what it
  /// has gathered at its end, and fewer, larger pieces are cheaper to write and to merge.
  private static let batch = (events: 8000, bytes: 16 << 20)
  /// How SQLite gathers and merges: it keeps a whole batch in memory, and merges eight pieces of
  /// a size where its default is four. Costs a third less; a search looks into a few more pieces.
  /// Where sixteen pieces have gathered it would by default merge them all at once: a live line
  /// that makes the sixteenth, beside those of an import, had to wait for hundreds of megabytes.
  private static let options: [(name: String, value: Int)] = [
    ("hashsize", batch.bytes), ("automerge", 8), ("crisismerge", 64),
  ]
  /// Pages of the index per step of a merge.
  private static let mergeStep = 500
  /// Where the search for a free number begins, for the seconds seen last.
  private var nextNumber: [Int64: Int64] = [:]

  package static func path(forDatabase path: String) -> String { path + "-search" }

  /// Opens the index of a log, building it anew where it belongs to another log or version.
  package init(database path: String) throws(StoreError) {
    log = try Connection(path: path, access: .readOnly)
    connection = try Connection(path: Self.path(forDatabase: path), access: .readWrite)
    writeAheadLog = WriteAheadLog(connection)
    try connection.script(
      "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
        + "PRAGMA wal_autocheckpoint = 4000;", operation: "set the full-text index up")
    let identity = try log.first("SELECT id FROM log_identity", [], { $0.text(0) }) ?? ""
    let isCurrent = try Migrations.version(of: connection) == Self.version
    let isOurs = isCurrent ? try belongs(to: identity) : false
    if !isOurs { try create(identity) }
    for option in Self.options { try set(option.name, option.value) }
  }

  private func set(_ name: String, _ value: Int) throws(StoreError) {
    let current = try connection.first(
      "SELECT v FROM event_text_config WHERE k = ?", [.text(name)]
    ) { Int($0.int(0)) }
    guard current != value else { return }
    try connection.run(
      "INSERT INTO event_text (event_text, rank) VALUES (?, ?)", [.text(name), Value(value)])
  }

  private func belongs(to identity: String) throws(StoreError) -> Bool {
    let owner = try connection.first("SELECT log, last_event_id FROM watermark") {
      (log: $0.text(0), last: $0.int(1))
    }
    guard let owner, owner.log == identity else { return false }
    // A log that lost its newest rows, as after a restored backup, may reuse their ids.
    return try owner.last <= log.lastEventID()
  }

  private func create(_ identity: String) throws(StoreError) {
    try connection.transaction { () throws(StoreError) in
      try connection.script(
        """
        DROP TABLE IF EXISTS event_text;
        DROP TABLE IF EXISTS documents;
        DROP TABLE IF EXISTS watermark;
        CREATE VIRTUAL TABLE event_text USING fts5(
          summary, tags, payload, content = '', tokenize = 'unicode61 remove_diacritics 2');
        CREATE TABLE documents (id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL UNIQUE) STRICT;
        CREATE TABLE watermark (log TEXT NOT NULL, last_event_id INTEGER NOT NULL) STRICT;
        PRAGMA user_version = \(Self.version);
        """, operation: "create the full-text index")
      try connection.run("INSERT INTO watermark VALUES (?, 0)", [.text(identity)])
    }
  }

  /// Indexes the next events behind the watermark.
  ///
  /// - Returns: how many were indexed; 0 when the index is current.
  package func advance() throws(StoreError) -> Int {
    let watermark =
      try connection.first("SELECT last_event_id FROM watermark") { $0.int(0) } ?? 0
    let rows = try rows(after: watermark)
    guard let last = rows.last else {
      try? writeAheadLog.whenIdle()
      return 0
    }
    // The index must not know of events that a power cut takes from the log, whose ids come again.
    try syncFile(log.path + "-wal")
    try connection.transaction { () throws(StoreError) in
      for row in rows.sorted(by: { ($0.ts, $0.id) < ($1.ts, $1.id) }) { try add(row) }
      try connection.run("UPDATE watermark SET last_event_id = ?", [.int(last.id)])
    }
    // What was committed stays so, even where its log could not be trimmed.
    try? writeAheadLog.afterCommit()
    return rows.count
  }

  private func rows(after watermark: Int64) throws(StoreError) -> [Row] {
    let statement = try log.statement(
      "SELECT id, ts, summary, tags, \(EventColumns.payload) FROM events e WHERE id > ? "
        + "ORDER BY id LIMIT ?")
    defer { statement.reset() }
    statement.bind([.int(watermark), Value(Self.batch.events)])
    var rows: [Row] = []
    var bytes = 0
    while bytes < Self.batch.bytes, try statement.step() {
      let text = Text(
        summary: statement.blob(2), tags: statement.blob(3), payload: statement.blob(4))
      bytes += text.summary.count + text.payload.count
      rows.append(Row(id: statement.int(0), ts: statement.int(1), text: text))
    }
    return rows
  }

  /// Takes events out again. Their text must still stand in the log, since an index without
  /// content of its own can only forget what it is told word for word.
  func remove(_ ids: [Int64]) throws(StoreError) {
    try connection.transaction { () throws(StoreError) in
      for id in ids {
        let document = try connection.first(
          "SELECT id FROM documents WHERE event_id = ?", [.int(id)]
        ) { $0.int(0) }
        let row = try log.first(
          "SELECT summary, tags, \(EventColumns.payload) FROM events e WHERE id = ?", [.int(id)]
        ) { Text(summary: $0.blob(0), tags: $0.blob(1), payload: $0.blob(2)) }
        guard let document, let row else { continue }
        try connection.run(
          """
          INSERT INTO event_text (event_text, rowid, summary, tags, payload)
          VALUES ('delete', ?, ?, ?, ?)
          """,
          [.int(document)] + row.values)
        try connection.run("DELETE FROM documents WHERE id = ?", [.int(document)])
      }
    }
    try? writeAheadLog.afterCommit()
  }

  /// Indexes the whole log anew, so that of what is no longer in it nothing is left.
  func rebuild() throws(StoreError) {
    let identity = try log.first("SELECT id FROM log_identity", [], { $0.text(0) }) ?? ""
    try connection.script("PRAGMA secure_delete = ON", operation: "prepare the full-text index")
    try create(identity)
    nextNumber.removeAll()
    for option in Self.options { try set(option.name, option.value) }
    while try advance() > 0 {}
  }

  /// Rewrites the file without what was deleted.
  func rewrite() throws(StoreError) { try writeAheadLog.rewrite() }

  /// Merges what was indexed with what was taken out, in small steps: until then a removal takes
  /// room instead of giving it.
  func compact() throws(StoreError) {
    // A negative count begins a merge of everything; further ones go on with it.
    var pages = -Self.mergeStep
    while true {
      let before = connection.totalChanges
      try connection.run(
        "INSERT INTO event_text (event_text, rank) VALUES ('merge', ?)", [Value(pages)])
      try? writeAheadLog.afterCommit()
      // SQLite's own sign that there was nothing to merge.
      guard connection.totalChanges - before >= 2 else { break }
      pages = Self.mergeStep
    }
    try? writeAheadLog.whenIdle()
  }

  private struct Row {
    let id: Int64
    let ts: Int64
    let text: Text
  }

  /// The columns of the log that are indexed, in UTF-8; empty where they are NULL.
  struct Text {
    let summary: [UInt8]
    let tags: [UInt8]
    let payload: [UInt8]

    var values: [Value] {
      [
        .utf8(SearchText.indexed(summary)), .utf8(SearchText.strings(of: tags)),
        .utf8(SearchText.strings(of: payload)),
      ]
    }
  }

  private func add(_ row: Row) throws(StoreError) {
    guard let id = try number(row) else { return }
    try connection.run(
      "INSERT INTO event_text (rowid, summary, tags, payload) VALUES (?, ?, ?, ?)",
      [.int(id)] + row.text.values)
  }

  /// The lowest number of the second that a time in ms lies in.
  static func firstNumber(at ts: Int64) -> Int64 {
    (min(max(0, ts), Timestamp.latest) / 1000) << 10
  }

  /// Takes the next free number of the event's second, nil where it has one already. Beyond
  /// 1,024 events in a second the numbers run on into the next ones, still ascending.
  private func number(_ row: Row) throws(StoreError) -> Int64? {
    let second = Self.firstNumber(at: row.ts)
    var id = nextNumber[second] ?? second
    while try connection.run(
      "INSERT OR IGNORE INTO documents VALUES (?, ?)", [.int(id), .int(row.id)]) == 0
    {
      let isKnown = try connection.finds(
        "SELECT 1 FROM documents WHERE event_id = ?", [.int(row.id)])
      if isKnown { return nil }
      id += 1
    }
    if nextNumber.count > 10_000 { nextNumber.removeAll(keepingCapacity: true) }
    nextNumber[second] = id + 1
    return id
  }
}
