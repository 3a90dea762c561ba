extension EventLog {
  /// What one kind of content takes up on the disk.
  package struct StorageSize: Sendable, Equatable {
    package let kind: String
    package let bytes: Int64
  }

  /// Which tables, with their indexes, hold which kind of content; all others are `bookkeeping`.
  private static let kinds = [
    "events": "events", "event_tags": "events", "event_links": "links", "pending_links": "links",
    "transcript_chunks": "receipts", "sessions": "sessions and runs", "runs": "sessions and runs",
    "session_copies": "sessions and runs", "session_groups": "sessions and runs",
    "run_roles": "sessions and runs", "tasks": "sessions and runs",
    "task_events": "sessions and runs", "pruned_keys": "pruned keys",
  ]

  /// The size of the log on the disk by kind of content, largest first. Reads the whole database:
  /// for a person who asks, not for a page.
  package func sizes() throws(StoreError) -> [StorageSize] {
    try pool.withConnection { (connection) throws(StoreError) in
      var bytes: [String: Int64] = [:]
      let trees = try connection.rows(
        """
        SELECT coalesce(m.tbl_name, s.name), coalesce(m.type, 'table'), s.pgsize
        FROM dbstat s LEFT JOIN sqlite_schema m ON m.name = s.name WHERE s.aggregate = TRUE
        """
      ) { (table: $0.text(0), isIndex: $0.text(1) == "index", bytes: $0.int(2)) }
      for tree in trees {
        let isEventIndex = tree.table == "events" && tree.isIndex
        let kind = isEventIndex ? "indexes" : Self.kinds[tree.table] ?? "bookkeeping"
        bytes[kind, default: 0] += tree.bytes
      }
      let payloads =
        try connection.first(
          """
          SELECT sum(length(CAST(payload_json AS BLOB)) + coalesce(length(payload_packed), 0))
          FROM events
          """
        ) {
          $0.int(0)
        } ?? 0
      bytes["payloads"] = payloads
      bytes["events", default: 0] -= payloads
      let log = try pages("main", connection)
      let index = try pages("search", connection)
      bytes["full text"] = index.used
      bytes["free"] = log.free + index.free
      bytes["write-ahead log"] =
        fileSize(path + "-wal") + fileSize(SearchIndex.path(forDatabase: path) + "-wal")
      return bytes.filter { $0.value != 0 }.map { StorageSize(kind: $0.key, bytes: $0.value) }
        .sorted { ($1.bytes, $0.kind) < ($0.bytes, $1.kind) }
    }
  }

  /// Bytes that the log takes up on the disk: its own file, the full text, and what both have still
  /// to take over.
  package var bytes: Int64 {
    let index = SearchIndex.path(forDatabase: path)
    return [path, path + "-wal", index, index + "-wal"].reduce(0) { $0 + fileSize($1) }
  }

  /// Bytes that are used, and that later content will use again.
  private func pages(
    _ schema: String, _ connection: Connection
  ) throws(StoreError) -> (used: Int64, free: Int64) {
    func number(_ pragma: String) throws(StoreError) -> Int64 {
      try connection.first("PRAGMA \(schema).\(pragma)") { $0.int(0) } ?? 0
    }
    let size = try number("page_size")
    let free = try number("freelist_count")
    return ((try number("page_count") - free) * size, free * size)
  }
}
