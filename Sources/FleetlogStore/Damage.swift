/// What of a log's packed texts does not unpack.
package struct Damage: Sendable {
  /// Events whose payload is damaged; of so many, the first.
  package private(set) var events = 0
  package private(set) var firstEvents: [Int64] = []
  /// Of these, those that came from no file.
  package private(set) var eventsOfNoFile = 0
  /// Files of which it is not known any more what their parser remembered.
  package private(set) var parserStates = 0
  /// Pieces of transcripts that receipts are read from.
  package private(set) var pieces = 0
  /// The files of these events and parsers.
  package private(set) var files: Set<Int64> = []

  package var isNone: Bool { events + parserStates + pieces == 0 }

  private static let namedEvents = 5
  /// Rows that are looked at in one statement: the write-ahead log can be trimmed in between.
  private static let stride: Int64 = 10_000

  static func find(_ connection: Connection) throws(StoreError) -> Damage {
    var damage = Damage()
    try each("events", "payload_packed", "source_file_id", connection) { id, file in
      damage.events += 1
      if damage.firstEvents.count < namedEvents { damage.firstEvents.append(id) }
      if let file { damage.files.insert(file) } else { damage.eventsOfNoFile += 1 }
    }
    try each("files", "parser_state_packed", "id", connection) { _, file in
      damage.parserStates += 1
      if let file { damage.files.insert(file) }
    }
    try each(
      "transcript_chunks", "CASE codec WHEN 'zstd' THEN bytes END", "file_id", connection
    ) { _, _ in damage.pieces += 1 }
    return damage
  }

  /// Rows in which what was packed is damaged, by their ids.
  private static func each(
    _ table: String, _ packed: String, _ file: String, _ connection: Connection,
    _ take: (_ id: Int64, _ file: Int64?) -> Void
  ) throws(StoreError) {
    let last = try connection.first("SELECT max(id) FROM \(table)") { $0.int(0) } ?? 0
    var id: Int64 = 0
    while id < last {
      let rows = try connection.rows(
        "SELECT id, \(file) FROM \(table) WHERE id > ?1 AND id <= ?1 + ?2 AND is_damaged(\(packed))"
          + " ORDER BY id", [.int(id), .int(stride)]
      ) { ($0.int(0), $0.optionalInt(1)) }
      for row in rows { take(row.0, row.1) }
      id += stride
    }
  }
}
