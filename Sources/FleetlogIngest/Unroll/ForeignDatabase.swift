import CSQLite

/// An SQLite database of another program, opened for one look and never written to.
///
/// Measured with SQLite 3.40: `mode=ro` alone makes a `-wal` and a `-shm` beside a database that
/// was closed cleanly and leaves both there. So:
///
/// - Without a `-wal`, or with an empty one, the database is opened with `immutable=1`, which makes
///   nothing and takes no lock; who looks must then see to it that the stamp was the same before
///   and after.
/// - With a `-wal` it is opened with `mode=ro&readonly_shm=1`: what a live writer has committed is
///   seen, no byte of the three files is changed and none is made, also after the writer was
///   killed. Without its `-shm`, as in a copy that left it out, SQLite refuses.
///
/// Should the writer close just while it is looked at, its `-wal` stays behind until it opens the
/// database the next time: by SQLite's rules the last one out cleans up, and a reader can't.
final class ForeignDatabase {
  struct Failure: Error {
    let reason: String
    /// Whether it may be gone the next moment.
    let isPassing: Bool
  }

  private let handle: OpaquePointer

  /// - Parameter isAlone: whether nothing stands in a `-wal`.
  init(_ path: FilePath, isAlone: Bool) throws(Failure) {
    let uri =
      "file:" + Self.escaped(path.bytes) + (isAlone ? "?immutable=1" : "?mode=ro&readonly_shm=1")
    var opened: OpaquePointer?
    let flags =
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
    let code = sqlite3_open_v2(uri, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      sqlite3_close_v2(opened)
      throw Failure(reason: String(cString: sqlite3_errstr(code)), isPassing: false)
    }
    handle = opened
    // What a hostile file could make the parser or a query do is kept small.
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 256 << 20)
    sqlite3_exec(handle, "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON", nil, nil, nil)
  }

  deinit { sqlite3_close_v2(handle) }

  enum Value {
    case int(Int64)
    case text(String)
  }

  /// A row of a result, valid until the next.
  struct Row {
    fileprivate let statement: OpaquePointer

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func text(_ column: Int32) -> String? {
      bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }

    func bytes(_ column: Int32) -> [UInt8]? {
      guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
      guard let text = sqlite3_column_blob(statement, column) else { return [] }
      return [UInt8](
        UnsafeRawBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column))))
    }
  }

  /// Calls back with each row until the answer is false.
  func rows(
    _ sql: String, _ values: [Value] = [], _ body: (Row) throws(Failure) -> Bool
  ) throws(Failure) {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw failure
    }
    defer { sqlite3_finalize(prepared) }
    for (index, value) in values.enumerated() {
      let place = Int32(index) + 1
      switch value {
      case .int(let number): sqlite3_bind_int64(prepared, place, number)
      case .text(let text):
        // SQLITE_TRANSIENT: SQLite copies the text.
        sqlite3_bind_text(
          prepared, place, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
      }
    }
    while true {
      switch sqlite3_step(prepared) {
      case SQLITE_ROW:
        guard try body(Row(statement: prepared)) else { return }
      case SQLITE_DONE: return
      default: throw failure
      }
    }
  }

  private var failure: Failure {
    let code = sqlite3_errcode(handle)
    return Failure(
      reason: String(cString: sqlite3_errmsg(handle)),
      isPassing: code == SQLITE_BUSY || code == SQLITE_LOCKED)
  }

  /// A path within a URI: all but letters, digits and slashes as `%NN`.
  private static func escaped(_ path: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var uri: [UInt8] = []
    for byte in path {
      switch byte {
      case 0x2D...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: uri.append(byte)
      default: uri += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: uri, as: UTF8.self)
  }
}
