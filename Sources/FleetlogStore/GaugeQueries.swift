package import FleetlogEvents

extension EventLog {
  /// The files named among those that are behind.
  private static let namedFiles = 10

  /// So many new events are looked at one by one; of more, refusals are found by their type.
  private static let fewEvents: Int64 = 20_000

  /// What `/metrics` tells of the log.
  package func gauges() throws(StoreError) -> LogGauges {
    try pool.withConnection { (connection) throws(StoreError) in
      let unread = "f.size - f.read_offset"
      // Asked last: it stands behind what parsers remember, which may be long.
      let isBehind = "f.state = 'reading' AND f.read_offset < f.size AND NOT f.is_unrolled"
      let last =
        try connection.first("SELECT seq FROM sqlite_sequence WHERE name = 'events'") {
          $0.int(0)
        } ?? 0
      let indexed =
        try connection.first("SELECT last_event_id FROM search.watermark") { $0.int(0) } ?? 0
      let index = SearchIndex.path(forDatabase: path)
      return LogGauges(
        events: try connection.rows(
          "SELECT event_type, sum(events) FROM event_days GROUP BY event_type"
        ) { ($0.text(0), Int($0.int(1))) },
        sources: try connection.rows(
          """
          SELECT f.format, f.state, count(*), sum(iif(\(isBehind), \(unread), 0)),
            min(iif(\(isBehind), f.modified_at, NULL))
          FROM files f GROUP BY f.format, f.state
          """
        ) {
          LogGauges.Sources(
            format: $0.optionalText(0), state: SourceStatus.State(rawValue: $0.text(1)) ?? .gone,
            files: Int($0.int(2)), unreadBytes: $0.int(3), waitingSince: $0.optionalInt(4))
        },
        farthestBehind: try connection.rows(
          "SELECT f.path, \(unread) FROM files f WHERE \(isBehind) ORDER BY 2 DESC, f.id LIMIT ?",
          [Value(Self.namedFiles)]
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
      let last =
        try connection.first("SELECT seq FROM sqlite_sequence WHERE name = 'events'") {
          $0.int(0)
        } ?? 0
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
