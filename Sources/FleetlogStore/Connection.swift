import CSQLite
import FleetlogEvents
import FleetlogThreads
import Glibc

/// One connection to one database file, with its prepared statements.
///
/// Sendable without a check because a connection is handed from thread to thread but never used
/// by two at once: the writer owns its own, and ``ConnectionPool`` lends each to one borrower.
final class Connection: @unchecked Sendable {
  enum Access { case readOnly, readWrite }

  let path: String
  private let handle: OpaquePointer
  private var statements: [String: Statement] = [:]
  /// The same by where their text lies: to look a long text up by its characters takes longer than
  /// many a statement.
  private var statementsByPlace: [UInt: (sql: String, statement: Statement)] = [:]
  /// Pages in the write-ahead log as of the last commit; counted only where checkpoints are taken
  /// over.
  fileprivate(set) var pagesInLog = 0
  /// Where the time of each outermost transaction is noted.
  var transactionTimes: TransactionTimes?
  /// The monotonic time in ns at which the running query is to stop; 0 for never.
  fileprivate var deadline: Moment?
  /// Whether texts are read without the secrets in them: see ``EventLog/init(path:deadline:limit:revealsSecrets:)``.
  var masksSecrets = false
  /// How long a statement waits for a lock that another connection holds, in ms.
  private static let patience: Int32 = 5000

  /// Counting every allocation under one lock has the connections of all threads wait for each
  /// other; nobody asks for the count.
  private static let isConfigured = fleetlog_without_memory_statistics() == SQLITE_OK

  init(path: String, access: Access) throws(StoreError) {
    self.path = path
    _ = Self.isConfigured
    var opened: OpaquePointer?
    let flags: Int32
    switch access {
    case .readOnly: flags = SQLITE_OPEN_READONLY
    case .readWrite:
      flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      Self.makePrivate(path)
    }
    let code = sqlite3_open_v2(
      path, &opened, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      let detail = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(opened)
      throw StoreError(
        operation: "open the database", place: path, cause: .sqlite(code: code & 0xFF),
        detail: detail)
    }
    handle = opened
    sqlite3_busy_timeout(handle, Self.patience)
    sqlite3_progress_handler(
      handle, 1000, { hasPassed($0) }, Unmanaged.passUnretained(self).toOpaque())
    sqlite3_create_function_v2(
      handle, "unpacked", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
      { unpacked($0, $2) }, nil, nil, nil)
    sqlite3_create_function_v2(
      handle, "unpacked_size", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
      { unpackedSize($0, $2) }, nil, nil, nil)
    sqlite3_create_function_v2(
      handle, "is_damaged", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
      { isDamaged($0, $2) }, nil, nil, nil)
  }

  /// Creates the file for its owner alone, since transcripts hold secrets; SQLite gives the files
  /// beside it the same rights. One that is there keeps the rights it has.
  private static func makePrivate(_ path: String) {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
  }

  deinit {
    forgetStatements()
    sqlite3_close_v2(handle)
  }

  /// Leaves it to the caller to have the write-ahead log copied back.
  func takeOverCheckpoints() {
    sqlite3_wal_hook(
      handle, { noteLog($0, pages: $3) }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Leaves the write-ahead log as it is when this connection is closed, also as the last one.
  func skipCheckpointAtClose() { fleetlog_skip_checkpoint_at_close(handle) }

  /// Whether the file that was opened no longer stands under its name.
  var hasMoved: Bool {
    var moved: Int32 = 0
    return sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK
      && moved != 0
  }

  func error(_ operation: String, code: Int32) -> StoreError {
    let primary = code & 0xFF
    return StoreError(
      operation: operation, place: path,
      cause: primary == SQLITE_INTERRUPT ? .interrupted : .sqlite(code: primary),
      detail: String(cString: sqlite3_errmsg(handle)))
  }

  /// Runs one or more statements without values or results, such as a migration.
  func script(_ sql: String, operation: String) throws(StoreError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(operation, code: code) }
  }

  /// The prepared statement for an SQL text, made once for each connection.
  func statement(_ sql: String) throws(StoreError) -> Statement {
    let place = sql.utf8.withContiguousStorageIfAvailable { UInt(bitPattern: $0.baseAddress) } ?? 0
    if let known = statementsByPlace[place], known.sql == sql {
      known.statement.reset()
      return known.statement
    }
    let statement = try statement(byText: sql)
    // A text that is put together anew each time lies elsewhere each time.
    if statementsByPlace.count > 400 { statementsByPlace.removeAll() }
    statementsByPlace[place] = (sql, statement)
    return statement
  }

  private func statement(byText sql: String) throws(StoreError) -> Statement {
    if let statement = statements[sql] {
      statement.reset()
      return statement
    }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw error("prepare a query", code: code) }
    let statement = Statement(prepared, connection: self)
    if statements.count > 200 { forgetStatements() }
    statements[sql] = statement
    return statement
  }

  private func forgetStatements() {
    statements.removeAll()
    statementsByPlace.removeAll()
  }

  /// Rows that the last statement changed.
  var lastChanges: Int { Int(sqlite3_changes(handle)) }

  /// Rows changed since the connection was opened, also those that a virtual table keeps.
  var totalChanges: Int { Int(sqlite3_total_changes(handle)) }

  var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Runs `body` in one write transaction: all of it is kept, or nothing. Within another
  /// transaction it becomes a part of that; an error must then end the whole.
  func transaction<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if isInTransaction { return try body() }
    let start = ContinuousClock.now
    defer { transactionTimes?.note(.now - start) }
    try script("BEGIN IMMEDIATE", operation: "begin writing")
    do throws(StoreError) {
      let result = try body()
      try script("COMMIT", operation: "commit")
      return result
    } catch {
      if isInTransaction {
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      }
      throw error
    }
  }

  /// Runs `body`, to which the database stands still while others go on writing.
  func reading<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try script("BEGIN", operation: "begin reading")
    defer { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    return try body()
  }

  /// Runs `body`; its queries fail with `.interrupted` once `ms` have passed, or at the deadline
  /// that holds already if that is earlier.
  func withDeadline<Result>(
    ms: UInt64, _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let outer = deadline
    let own = Moment(after: .milliseconds(ms))
    deadline = min(outer ?? own, own)
    defer { deadline = outer }
    return try body()
  }
}

extension Connection {
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs `body` with another patience for the locks of others.
  func waiting<Result>(
    ms: Int, _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    sqlite3_busy_timeout(handle, Int32(clamping: ms))
    defer { sqlite3_busy_timeout(handle, Self.patience) }
    return try body()
  }

  /// Copies the whole database as it stands now over another one, while others go on writing.
  ///
  /// - Parameter progress: told how many pages of how many are copied.
  func copy(
    to destination: Connection, progress: (_ done: Int, _ all: Int) -> Void
  ) throws(StoreError) {
    // One open read transaction: without it every commit of another process would start the
    // copy anew.
    try script("BEGIN", operation: "begin reading")
    defer { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    _ = try first("SELECT count(*) FROM sqlite_schema") { $0.int(0) }
    guard let backup = sqlite3_backup_init(destination.handle, "main", handle, "main") else {
      throw destination.error("begin the copy", code: sqlite3_errcode(destination.handle))
    }
    var code = SQLITE_OK
    while code == SQLITE_OK {
      code = sqlite3_backup_step(backup, 4096)
      let all = Int(sqlite3_backup_pagecount(backup))
      progress(all - Int(sqlite3_backup_remaining(backup)), all)
    }
    sqlite3_backup_finish(backup)
    guard code == SQLITE_DONE else { throw destination.error("copy the database", code: code) }
  }
}

private func hasPassed(_ context: UnsafeMutableRawPointer?) -> Int32 {
  guard let context else { return 0 }
  let connection = Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue()
  guard let deadline = connection.deadline else { return 0 }
  return deadline < .now ? 1 : 0
}

private func noteLog(_ context: UnsafeMutableRawPointer?, pages: Int32) -> Int32 {
  guard let context else { return SQLITE_OK }
  Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().pagesInLog = Int(pages)
  return SQLITE_OK
}

/// The SQL function `unpacked(text, packed)`, see ``TextPacker``: a text as it was before it was
/// packed. Of a damaged one, what stands in its place is left, and says so.
private func unpacked(
  _ context: OpaquePointer?, _ values: UnsafeMutablePointer<OpaquePointer?>?
) {
  guard let packed = values?[1], sqlite3_value_type(packed) != SQLITE_NULL else {
    return sqlite3_result_value(context, values?[0])
  }
  if let text = unpack(blob(packed)) {
    return sqlite3_result_text64(
      context, text.baseAddress, UInt64(text.count), { sqlite3_free($0) }, UInt8(SQLITE_UTF8))
  }
  guard let rest = values?[0], sqlite3_value_type(rest) != SQLITE_NULL else {
    return sqlite3_result_null(context)
  }
  let noted = blob(rest).withMemoryRebound(to: UInt8.self) { TextPacker.noteDamage(in: $0) }
  noted.withUnsafeBytes {
    // SQLITE_TRANSIENT: SQLite copies the text.
    sqlite3_result_text64(
      context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64($0.count),
      unsafeBitCast(-1, to: sqlite3_destructor_type.self), UInt8(SQLITE_UTF8))
  }
}

/// The SQL function `is_damaged(packed)`: whether there is something that does not unpack.
private func isDamaged(
  _ context: OpaquePointer?, _ values: UnsafeMutablePointer<OpaquePointer?>?
) {
  guard let packed = values?[0], sqlite3_value_type(packed) != SQLITE_NULL else {
    return sqlite3_result_int(context, 0)
  }
  let text = unpack(blob(packed))
  sqlite3_free(text?.baseAddress)
  sqlite3_result_int(context, text == nil ? 1 : 0)
}

/// What was packed, in memory of SQLite's, which is the caller's to free; nil where it is damaged.
private func unpack(_ packed: UnsafeRawBufferPointer) -> UnsafeMutableBufferPointer<CChar>? {
  guard let size = Zstd.size(of: packed), let start = sqlite3_malloc64(UInt64(size)) else {
    return nil
  }
  let room = UnsafeMutableRawBufferPointer(start: start, count: size)
  guard Zstd.decompress(packed, into: room) == size else {
    sqlite3_free(start)
    return nil
  }
  return room.assumingMemoryBound(to: CChar.self)
}

/// The SQL function `unpacked_size(text, packed)`: the bytes that ``unpacked(_:_:)`` gives, told
/// without doing so.
private func unpackedSize(
  _ context: OpaquePointer?, _ values: UnsafeMutablePointer<OpaquePointer?>?
) {
  let size = Zstd.size(of: blob(values?[1])) ?? Int(sqlite3_value_bytes(values?[0]))
  sqlite3_result_int64(context, Int64(size))
}

private func blob(_ value: OpaquePointer?) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(
    start: sqlite3_value_blob(value), count: Int(sqlite3_value_bytes(value)))
}

/// A prepared statement; while stepping, also the current row.
final class Statement {
  private let handle: OpaquePointer
  private unowned let connection: Connection
  /// The text and blobs that are bound: SQLite reads them here and makes no copies of its own.
  private var bound = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Of `bound`, what is in use.
  private var boundBytes = 0
  private static let firstBytes = 256
  /// More than this is given back as soon as it is no longer needed.
  private static let keptBytes = 1 << 20

  fileprivate init(_ handle: OpaquePointer, connection: Connection) {
    self.handle = handle
    self.connection = connection
  }

  deinit {
    sqlite3_finalize(handle)
    bound.deallocate()
  }

  func reset() {
    sqlite3_reset(handle)
    // The next values take the place of these, in the same memory.
    if bound.count > Self.keptBytes { makeRoom(0) }
  }

  /// - Parameter values: one for each of the statement's parameters.
  func bind(_ values: [Value]) {
    makeRoom(values.reduce(0) { $0 + $1.size })
    for (offset, value) in values.enumerated() { bind(value, at: Int32(offset + 1)) }
  }

  private func makeRoom(_ size: Int) {
    boundBytes = 0
    let isTooLarge = bound.count > Self.keptBytes && size <= Self.keptBytes
    guard size > bound.count || isTooLarge else { return }
    sqlite3_clear_bindings(handle)
    bound.deallocate()
    bound =
      size == 0
      ? UnsafeMutableRawBufferPointer(start: nil, count: 0)
      : .allocate(byteCount: max(size, Self.firstBytes), alignment: 1)
  }

  private func bind(_ value: Value, at index: Int32) {
    switch value {
    case .null: sqlite3_bind_null(handle, index)
    case .int(let value): sqlite3_bind_int64(handle, index, value)
    case .real(let value): sqlite3_bind_double(handle, index, value)
    case .text(var text): text.withUTF8 { bindText(UnsafeRawBufferPointer($0), at: index) }
    case .utf8(let bytes): bytes.withUnsafeBytes { bindText($0, at: index) }
    case .blob(let bytes):
      bytes.withUnsafeBytes { bytes in
        _ = sqlite3_bind_blob64(handle, index, keep(bytes), UInt64(bytes.count), nil)
      }
    }
  }

  private func bindText(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
    let kept = keep(bytes)?.assumingMemoryBound(to: CChar.self)
    sqlite3_bind_text64(handle, index, kept, UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
  }

  /// The place of a copy that lives until other values are bound. Nothing has one too, since no
  /// address would bind NULL.
  private func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
    guard let start = bound.baseAddress?.advanced(by: boundBytes) else { return nil }
    if let source = bytes.baseAddress { start.copyMemory(from: source, byteCount: bytes.count) }
    boundBytes += bytes.count
    return UnsafeRawPointer(start)
  }

  /// Moves to the next row; false behind the last one.
  func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw connection.error("run a query", code: code)
    }
  }

  func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func bool(_ column: Int32) -> Bool { int(column) != 0 }

  func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

  func optionalReal(_ column: Int32) -> Double? {
    isNull(column) ? nil : sqlite3_column_double(handle, column)
  }

  func text(_ column: Int32) -> String { optionalText(column) ?? "" }

  func optionalText(_ column: Int32) -> String? {
    guard let bytes = sqlite3_column_text(handle, column) else { return nil }
    let text = UnsafeBufferPointer(
      start: bytes, count: Int(sqlite3_column_bytes(handle, column)))
    if connection.masksSecrets, let masked = Redaction.masked(text) {
      return String(decoding: masked, as: UTF8.self)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Bytes as they are: what is made of them is masked where it is made.
  func blob(_ column: Int32) -> [UInt8] {
    guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, column))
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  private func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }
}
