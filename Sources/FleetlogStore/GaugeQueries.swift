package import FleetlogEvents

extension EventLog {
  /// The files named among those that are behind.
  private static let namedFiles = 10

  /// So many new events are looked at one by one; of more, refusals are found by their type.
  private static let fewEvents: Int64 = 20_000

  /// What `/metrics` tells of the log.
  package func gauges() throws(StoreError) -> LogGauges {
    try pool.withConnection { (connection) throws(StoreError) in
      // In these words an index has them, with all that is asked of them here.
      let behind = "files WHERE state = 'reading' AND read_offset < size AND NOT is_unrolled"
      let last = try connection.lastEventID()
      let indexed = try connection.lastSearchableID()
      let index = SearchIndex.path(forDatabase: path)
      return LogGauges(
        events: try connection.rows(
          "SELECT event_type, sum(events) FROM event_days GROUP BY event_type"
        ) { ($0.text(0), Int($0.int(1))) },
        sources: try connection.rows(
          """
          SELECT nullif(s.format, ''), s.state, s.files, coalesce(b.bytes, 0), b.since
          FROM file_states s LEFT JOIN
            (SELECT coalesce(format, '') AS format, sum(size - read_offset) AS bytes,
              min(modified_at) AS since
            FROM \(behind) GROUP BY 1) b ON b.format = s.format AND s.state = 'reading'
          WHERE s.files > 0
          """
        ) {
          LogGauges.Sources(
            format: $0.optionalText(0), state: SourceStatus.State(rawValue: $0.text(1)) ?? .gone,
            files: Int($0.int(2)), unreadBytes: $0.int(3), waitingSince: $0.optionalInt(4))
        },
        farthestBehind: try connection.rows(
          """
          SELECT f.path, b.bytes FROM
            (SELECT id, size - read_offset AS bytes FROM \(behind) ORDER BY 2 DESC, id LIMIT ?) b
            JOIN files f USING (id) ORDER BY b.bytes DESC, id
          """, [Value(Self.namedFiles)]
        ) { ($0.text(0), $0.int(1)) },
        lastEventID: last, searchLag: Int(max(0, last - indexed)),
        databaseBytes: fileSize(path), writeAheadLogBytes: fileSize(path + "-wal"),
        searchBytes: fileSize(index) + fileSize(index + "-wal"))
    }
  }

  /// How many refusals of each kind were recorded behind an event, and up to which one was looked.
  package func refusals(
    after id: Int64
  ) throws(StoreError) -> (counts: [RefusalKind: Int], upTo: Int64) {
    try pool.withConnection { (connection) throws(StoreError) in
      let last = try connection.lastEventID()
      // The plus keeps SQLite from the index by type, which knows no order of recording.
      let column = last - id > Self.fewEvents ? "event_type" : "+event_type"
      let reasons = try connection.rows(
        "SELECT payload_json ->> '$.reason' FROM events WHERE id > ? AND id <= ? AND \(column) = ?",
        [.int(id), .int(last), .text(EventType.validationError.rawValue)]
      ) { $0.text(0) }
      var counts: [RefusalKind: Int] = [:]
      for reason in reasons { counts[RefusalKind(reason: reason), default: 0] += 1 }
      return (counts, last)
    }
  }
}
