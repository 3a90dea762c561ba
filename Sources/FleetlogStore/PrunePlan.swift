import FleetlogEvents

/// The events that a prune would take, found without changing the log: it reads in short windows
/// and keeps its list in a temporary table of its own connection.
package final class PrunePlan {
  let connection: Connection
  let rules: PruneRules
  package let summary: PruneSummary
  /// Events per read, so that no reader stands in the way of a checkpoint for long.
  private static let window: Int64 = 50_000

  /// Plans over a log that is only read.
  ///
  /// - Parameter now: ms since the Unix epoch, for what has expired.
  package convenience init(
    database path: String, rules: PruneRules, now: Int64
  ) throws(StoreError) {
    let connection = try Connection(path: path, access: .readOnly)
    try Migrations.refuseNewer(try Migrations.version(of: connection), place: path)
    try connection.script("PRAGMA temp_store = FILE", operation: "set a reader up")
    try self.init(connection, rules: rules, now: now)
  }

  init(_ connection: Connection, rules: PruneRules, now: Int64) throws(StoreError) {
    self.connection = connection
    self.rules = rules
    try connection.script(
      """
      DROP TABLE IF EXISTS temp.old_events;
      DROP TABLE IF EXISTS temp.frontier;
      CREATE TEMP TABLE old_events (id INTEGER PRIMARY KEY, reason TEXT);
      CREATE TEMP TABLE frontier (id INTEGER PRIMARY KEY);
      """, operation: "prepare the plan")
    try Self.list(rules, now: now, connection)
    try Self.keepLinked(connection)
    summary = try Self.sum(connection)
  }

  /// The next events that go, in the order of recording.
  func leaving(after id: Int64, limit: Int) throws(StoreError) -> [Int64] {
    try connection.rows(
      "SELECT id FROM old_events WHERE id > ? AND reason IS NULL ORDER BY id LIMIT ?",
      [.int(id), Value(limit)]
    ) { $0.int(0) }
  }

  private static func list(
    _ rules: PruneRules, now: Int64, _ connection: Connection
  ) throws(StoreError) {
    let last =
      try connection.first("SELECT max(id) FROM events", [], { $0.optionalInt(0) }).flatMap { $0 }
      ?? 0
    let read = try readByAll(connection, last: last)
    for start in stride(from: 0, to: last, by: Int(window)) {
      try connection.run(
        """
        INSERT INTO old_events SELECT e.id, \(rules.reason) FROM main.events e
        WHERE e.id > ?3 AND e.id <= ?4 AND e.ts < ?5
        """, [.int(read), .int(now), .int(start), .int(start + window), .int(rules.before)])
    }
  }

  /// The last event that every projection and the full-text index have read.
  private static func readByAll(
    _ connection: Connection, last: Int64
  ) throws(StoreError) -> Int64 {
    let projected =
      try connection.first(
        "SELECT min(last_event_id) FROM projection_cursors", [], { $0.optionalInt(0) }
      ).flatMap { $0 } ?? last
    let index = SearchIndex.path(forDatabase: connection.path)
    guard fileSize(index) > 0 else { return projected }
    let indexed =
      try Connection(path: index, access: .readOnly)
      .first("SELECT last_event_id FROM watermark") { $0.int(0) } ?? last
    return min(projected, indexed)
  }

  /// SQL over `o`: whether an event that goes is linked with one in `others`. That it was
  /// superseded does not count: what superseded it stands without it.
  private static func isLinked(_ others: String) -> String {
    """
    (EXISTS (SELECT 1 FROM main.event_links l
        WHERE l.from_event_id = o.id AND \(others.replacing("?", with: "l.to_event_id")))
      OR EXISTS (SELECT 1 FROM main.event_links l WHERE l.to_event_id = o.id
        AND l.relation_type <> 'supersedes' AND \(others.replacing("?", with: "l.from_event_id"))))
    """
  }

  private static let linkedWithStaying = isLinked(
    "NOT EXISTS (SELECT 1 FROM old_events x WHERE x.id = ? AND x.reason IS NULL)")

  /// Takes off the list what is linked with an event that stays, and what is linked with that.
  private static func keepLinked(_ connection: Connection) throws(StoreError) {
    var found = try connection.run(
      "INSERT INTO frontier SELECT o.id FROM old_events o WHERE o.reason IS NULL "
        + "AND \(linkedWithStaying)")
    while found > 0 {
      try connection.run(
        "UPDATE old_events SET reason = 'links' WHERE id IN (SELECT id FROM frontier)")
      try connection.run("CREATE TEMP TABLE reached AS \(linkedWithFrontier)")
      try connection.run("DELETE FROM frontier")
      found = try connection.run("INSERT OR IGNORE INTO frontier SELECT id FROM reached")
      try connection.run("DROP TABLE temp.reached")
    }
  }

  private static let linkedWithFrontier = """
    SELECT l.from_event_id AS id FROM frontier f JOIN main.event_links l ON l.to_event_id = f.id
      JOIN old_events o ON o.id = l.from_event_id AND o.reason IS NULL
    UNION SELECT l.to_event_id FROM frontier f JOIN main.event_links l ON l.from_event_id = f.id
      JOIN old_events o ON o.id = l.to_event_id AND o.reason IS NULL
      WHERE l.relation_type <> 'supersedes'
    """

  /// Of some events on the list, those that have been linked with a staying one meanwhile.
  func linkedMeanwhile(_ table: String) throws(StoreError) -> Int {
    try connection.run(
      "DELETE FROM \(table) WHERE id IN "
        + "(SELECT o.id FROM \(table) o WHERE \(Self.linkedWithStaying))")
  }

  private static func sum(_ connection: Connection) throws(StoreError) -> PruneSummary {
    var summary = PruneSummary()
    let types = try connection.rows(
      """
      SELECT e.event_type, count(*), min(e.ts), max(e.ts),
        sum(length(CAST(e.summary AS BLOB)) + coalesce(length(CAST(e.payload_json AS BLOB)), 0)
          + coalesce(length(e.payload_packed), 0))
      FROM old_events o JOIN main.events e ON e.id = o.id WHERE o.reason IS NULL
      GROUP BY 1 ORDER BY 2 DESC, 1
      """
    ) { ($0.text(0), Int($0.int(1)), $0.int(2), $0.int(3), $0.int(4)) }
    for (type, events, oldest, newest, bytes) in types {
      summary.byType.append(PruneSummary.Count(name: type, events: events))
      summary.events += events
      summary.bytes += bytes
      summary.oldest = min(summary.oldest ?? oldest, oldest)
      summary.newest = max(summary.newest ?? newest, newest)
    }
    summary.kept = try connection.rows(
      """
      SELECT reason, count(*) FROM old_events WHERE reason IS NOT NULL
      GROUP BY 1 ORDER BY 2 DESC, 1
      """
    ) { PruneSummary.Count(name: $0.text(0), events: Int($0.int(1))) }
    return summary
  }
}
