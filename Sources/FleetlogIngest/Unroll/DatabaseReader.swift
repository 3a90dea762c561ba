import FleetlogEvents
import Glibc

/// Unrolls OpenCode's database: each session, part and message that is new or has changed becomes
/// a line. A message's line comes once it is over, behind those of its parts.
///
/// A look costs what is new, not what is there: rows are found by their rowids, which grow, and
/// only those of messages that are not over yet are looked at again. A change to a message that
/// was over, such as of a part whose output was dropped, is not seen.
struct DatabaseReader: Sendable {
  func read(
    _ path: FilePath, from cursor: Cursor?, budget: Int
  ) throws(ReadError) -> LineBatch {
    // Also refuses what is not a regular file.
    let file = try OpenFile(path)
    let stamp = file.stamp.ofSource(at: path)
    let memory: DatabaseMemory? = ParserState.decode(cursor?.unrolled?.memory)
    let isAlone = stamp.size == file.stamp.size
    var look: DatabaseLook
    do throws(ForeignDatabase.Failure) {
      look = DatabaseLook(
        try ForeignDatabase(path, isAlone: isAlone), memory: memory ?? DatabaseMemory(),
        lines: UnrolledLines(after: memory == nil ? nil : cursor), budget: budget)
      try look.take()
    } catch {
      throw ReadError(
        operation: "read", path: path,
        cause: error.isPassing
          ? .system(errno: EBUSY)
          : .malformed("SQLite says of the database: \(error.reason)"))
    }
    guard !isAlone || FileStamp.of(path) == stamp else {
      throw ReadError(
        operation: "read", path: path,
        cause: .malformed("the database was written to while it was looked at"))
    }
    return LineBatch(
      restart: cursor == nil ? .firstRead : memory == nil ? .rewritten : nil,
      lines: look.lines.lines, skipped: look.problems,
      next: Cursor(
        identity: stamp.identity, offset: look.lines.offset, line: look.lines.number,
        unrolled: Cursor.Unrolled(
          size: look.reachedEnd ? stamp.size : -1, memory: ParserState.encode(look.memory))),
      reachedEnd: look.reachedEnd, bytesRead: look.lines.bytes, stamp: stamp)
  }
}

/// How far a database is known.
struct DatabaseMemory: Codable {
  /// The last row of a table that was taken, and its id: where another stands there now, the rows
  /// were numbered anew, and all are read again.
  struct Mark: Codable {
    var row: Int64 = 0
    var id = ""
  }

  var sessions = Mark()
  var parts = Mark()
  var messages = Mark()
  /// ms since the Unix epoch: when the session was changed that was changed last.
  var sessionsChanged: Int64 = 0
  /// Prints of the sessions that were told last.
  var told: [String: Int64] = [:]
  /// Messages that are not over, with prints of their parts, the newest.
  var open: [Open] = []

  struct Open: Codable {
    let message: String
    var parts: [String: Int64] = [:]
  }

  static let mostOpen = 256
}

/// One look at a database.
private struct DatabaseLook {
  let database: ForeignDatabase
  var memory: DatabaseMemory
  var lines: UnrolledLines
  var problems: [SourceProblem] = []
  let budget: Int
  private(set) var reachedEnd = true
  /// The message whose parts were read last, since parts of one stand together.
  private var lastMessage: (id: String, data: JSONValue)?
  private var sessions: [String: OpenCodeLine.Session] = [:]
  private var version = "NULL"

  init(
    _ database: ForeignDatabase, memory: DatabaseMemory, lines: UnrolledLines, budget: Int
  ) {
    self.database = database
    self.memory = memory
    self.lines = lines
    self.budget = budget
  }

  private typealias Failure = ForeignDatabase.Failure
  private typealias Row = ForeignDatabase.Row

  mutating func take() throws(ForeignDatabase.Failure) {
    // One state of the database for all that is asked of it.
    try database.rows("BEGIN") { _ in true }
    try database.rows("PRAGMA table_info(session)") { row in
      if row.text(1) == "version" { version = "version" }
      return true
    }
    for (table, mark) in [
      ("session", memory.sessions), ("part", memory.parts), ("message", memory.messages),
    ] where try !holds(mark, in: table) {
      memory = DatabaseMemory()
    }
    try takeSessions()
    try takeOpenMessages()
    try takeParts()
    try takeMessages()
    try database.rows("COMMIT") { _ in true }
  }

  private func holds(
    _ mark: DatabaseMemory.Mark, in table: String
  ) throws(ForeignDatabase.Failure) -> Bool {
    guard mark.row > 0 else { return true }
    var holds = false
    try database.rows("SELECT id FROM \(table) WHERE rowid = ?", [.int(mark.row)]) { row in
      holds = row.text(0) == mark.id
      return false
    }
    return holds
  }

  private var isFull: Bool { lines.bytes >= budget }

  // MARK: Sessions

  private mutating func takeSessions() throws(ForeignDatabase.Failure) {
    let (row, changed) = (memory.sessions.row, memory.sessionsChanged)
    try database.rows(
      """
      SELECT rowid, id, project_id, parent_id, title, directory, time_created, time_updated,
        \(version) FROM session WHERE rowid > ? OR time_updated >= ? ORDER BY rowid
      """, [.int(row), .int(changed)]
    ) { row in
      takeSession(row)
      return true
    }
  }

  private mutating func takeSession(_ row: Row) {
    let id = row.text(1) ?? ""
    if row.int(0) > memory.sessions.row { memory.sessions = .init(row: row.int(0), id: id) }
    memory.sessionsChanged = max(memory.sessionsChanged, row.int(7))
    var data = JSONObject()
    data.set("id", id)
    data.set("projectID", row.text(2))
    data.set("parentID", row.text(3))
    data.set("title", row.text(4))
    data.set("directory", row.text(5))
    data.set("version", row.text(8))
    var time = JSONObject()
    time.set("created", row.int(6))
    data.set("time", time)
    guard let value = try? JSONDocument(data.bytes).root else { return }
    let line = OpenCodeLine.session(OpenCodeLine.Session(value, id: id), data: value)
    let print = Print.of(line)
    guard memory.told[id] != print else { return }
    if memory.told.count >= 64 { memory.told = [:] }
    memory.told[id] = print
    lines.append(line)
  }

  private mutating func session(
    _ id: String
  ) throws(ForeignDatabase.Failure) -> OpenCodeLine.Session {
    if let known = sessions[id] { return known }
    var session = OpenCodeLine.Session(id: id)
    try database.rows(
      "SELECT directory, parent_id, time_created, \(version) FROM session WHERE id = ?",
      [.text(id)]
    ) { row in
      session.directory = row.text(0)
      session.parent = row.text(1)
      session.created = Int(row.int(2))
      session.version = row.text(3)
      return false
    }
    sessions[id] = session
    return session
  }

  // MARK: Parts

  private static let part = "SELECT rowid, id, message_id, session_id, data FROM part "

  private mutating func takeParts() throws(ForeignDatabase.Failure) {
    try database.rows(
      Self.part + "WHERE rowid > ? ORDER BY rowid", [.int(memory.parts.row)]
    ) { (row) throws(ForeignDatabase.Failure) in
      guard !isFull else {
        reachedEnd = false
        return false
      }
      let id = row.text(1) ?? ""
      memory.parts = .init(row: row.int(0), id: id)
      try takePart(row, id)
      return true
    }
  }

  /// - Parameter known: the print of what was told of it.
  /// - Returns: the print of what is told of it now.
  @discardableResult
  private mutating func takePart(
    _ row: Row, _ id: String, known: Int64? = nil
  ) throws(ForeignDatabase.Failure) -> Int64? {
    let messageID = row.text(2) ?? ""
    guard let message = try message(messageID) else {
      skip("the part \(id) of a message that is not there")
      return nil
    }
    guard let data = json(row.bytes(4), of: id) else { return nil }
    let line = OpenCodeLine.part(
      id, of: messageID, message, in: try session(row.text(3) ?? ""), data: data)
    let print = Print.of(Array(data.sourceBytes))
    if print != known { lines.append(line) }
    if let place = memory.open.firstIndex(where: { $0.message == messageID }) {
      memory.open[place].parts[id] = print
    } else if !OpenCodeLine.isOver(message), row.int(0) == memory.parts.row {
      open(messageID)
      memory.open[memory.open.count - 1].parts[id] = print
    }
    return print
  }

  private mutating func open(_ message: String) {
    if memory.open.count >= DatabaseMemory.mostOpen { memory.open.removeFirst() }
    memory.open.append(DatabaseMemory.Open(message: message))
  }

  private mutating func message(
    _ id: String
  ) throws(ForeignDatabase.Failure) -> JSONValue? {
    if let lastMessage, lastMessage.id == id { return lastMessage.data }
    var bytes: [UInt8]?
    try database.rows("SELECT data FROM message WHERE id = ?", [.text(id)]) { row in
      bytes = row.bytes(0)
      return false
    }
    guard let bytes, let data = try? JSONDocument(bytes).root else { return nil }
    lastMessage = (id, data)
    return data
  }

  // MARK: Messages

  /// Looks again at the messages that were not over.
  private mutating func takeOpenMessages() throws(ForeignDatabase.Failure) {
    for open in memory.open {
      guard let data = try message(open.message) else {
        memory.open.removeAll { $0.message == open.message }
        continue
      }
      try database.rows(
        Self.part + "WHERE message_id = ? AND rowid <= ? ORDER BY id",
        [.text(open.message), .int(memory.parts.row)]
      ) { (row) throws(ForeignDatabase.Failure) in
        let id = row.text(1) ?? ""
        try takePart(row, id, known: open.parts[id])
        return true
      }
      guard OpenCodeLine.isOver(data), try hasTold(open.message) else { continue }
      memory.open.removeAll { $0.message == open.message }
      try finish(open.message, data)
    }
  }

  /// Whether no part of a message is still to be taken, and the message itself came by.
  private func hasTold(_ message: String) throws(ForeignDatabase.Failure) -> Bool {
    var isTold = true
    try database.rows(
      """
      SELECT EXISTS (SELECT 1 FROM part WHERE message_id = ?1 AND rowid > ?2),
        (SELECT rowid FROM message WHERE id = ?1)
      """, [.text(message), .int(memory.parts.row)]
    ) { row in
      isTold = row.int(0) == 0 && row.int(1) <= memory.messages.row
      return false
    }
    return isTold
  }

  private mutating func takeMessages() throws(ForeignDatabase.Failure) {
    // What is still to be read of parts belongs to messages that come later.
    let bound = reachedEnd ? nil : lastMessage?.id
    try database.rows(
      "SELECT rowid, id, data FROM message WHERE rowid > ? ORDER BY rowid",
      [.int(memory.messages.row)]
    ) { (row) throws(ForeignDatabase.Failure) in
      let id = row.text(1) ?? ""
      guard bound.map({ id < $0 }) ?? true else { return false }
      guard !isFull || bound != nil else {
        reachedEnd = false
        return false
      }
      memory.messages = .init(row: row.int(0), id: id)
      guard let data = json(row.bytes(2), of: id) else { return true }
      let place = memory.open.firstIndex { $0.message == id }
      if OpenCodeLine.isOver(data) {
        if let place { memory.open.remove(at: place) }
        try finish(id, data)
      } else if place == nil {
        open(id)
      }
      return true
    }
  }

  private mutating func finish(
    _ id: String, _ data: JSONValue
  ) throws(ForeignDatabase.Failure) {
    var parts: [JSONValue] = []
    var sessionID = ""
    try database.rows("SELECT session_id FROM message WHERE id = ?", [.text(id)]) { row in
      sessionID = row.text(0) ?? ""
      return false
    }
    if data["role"]?.string == "assistant" {
      try database.rows("SELECT data FROM part WHERE message_id = ? ORDER BY id", [.text(id)]) {
        row in
        if let bytes = row.bytes(0), let part = try? JSONDocument(bytes).root { parts.append(part) }
        return true
      }
    }
    lines.append(OpenCodeLine.message(id, in: try session(sessionID), data: data, parts: parts))
  }

  // MARK: What can't be taken

  private mutating func json(_ bytes: [UInt8]?, of id: String) -> JSONValue? {
    do throws(JSONError) { return try JSONDocument(bytes ?? []).root } catch {
      skip("the row \(id) is not JSON: \(error)")
      return nil
    }
  }

  private mutating func skip(_ reason: String) {
    problems.append(
      SourceProblem(
        kind: .skipped, span: SourceSpan(offset: lines.offset, length: 0),
        reason: PlainText.line(reason)))
  }
}
