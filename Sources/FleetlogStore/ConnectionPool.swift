import FleetlogThreads

/// Read-only connections, each lent to one borrower at a time, opened as they are needed.
final class ConnectionPool: Sendable {
  private let path: String
  /// How long a connection is lent, in ms: its queries then fail; nil for as long as it takes.
  private let limit: UInt64?
  private let masksSecrets: Bool
  private let idle = Monitor<[Connection]>([])
  /// How many idle connections are kept.
  private static let kept = 8

  init(path: String, limit: UInt64? = nil, masksSecrets: Bool = true) {
    self.path = path
    self.limit = limit
    self.masksSecrets = masksSecrets
  }

  func withConnection<Result>(
    _ body: (Connection) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let connection = try borrow()
    defer {
      idle.withLock { if $0.count < Self.kept { $0.append(connection) } }
    }
    guard let limit else { return try body(connection) }
    return try connection.withDeadline(ms: limit) { () throws(StoreError) in
      try body(connection)
    }
  }

  private func borrow() throws(StoreError) -> Connection {
    if let connection = idle.withLock({ $0.popLast() }) { return connection }
    return try open()
  }

  private func open() throws(StoreError) -> Connection {
    let connection = try Connection(path: path, access: .readOnly)
    connection.masksSecrets = masksSecrets
    try Migrations.refuseNewer(try Migrations.version(of: connection), place: path)
    try connection.script(
      "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;",
      operation: "set a reader up")
    try connection.run(
      "ATTACH DATABASE ? AS search", [.text(SearchIndex.path(forDatabase: path))])
    return connection
  }
}
