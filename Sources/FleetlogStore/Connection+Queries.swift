/// What the store asks of a connection: each is one statement with its values.
extension Connection {
  /// Runs a statement for its effect and returns how many rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: [Value] = []) throws(StoreError) -> Int {
    let statement = try statement(sql)
    defer { statement.reset() }
    statement.bind(values)
    while try statement.step() {}
    return lastChanges
  }

  /// Collects the rows of a query.
  func rows<Result>(
    _ sql: String, _ values: [Value] = [], _ read: (Statement) -> Result
  ) throws(StoreError) -> [Result] {
    let statement = try statement(sql)
    defer { statement.reset() }
    statement.bind(values)
    var results: [Result] = []
    while try statement.step() { results.append(read(statement)) }
    return results
  }

  /// The first row of a query.
  func first<Result>(
    _ sql: String, _ values: [Value] = [], _ read: (Statement) -> Result
  ) throws(StoreError) -> Result? {
    let statement = try statement(sql)
    defer { statement.reset() }
    statement.bind(values)
    return try statement.step() ? read(statement) : nil
  }

  /// Whether a query has a row.
  func finds(_ sql: String, _ values: [Value] = []) throws(StoreError) -> Bool {
    try first(sql, values) { _ in } != nil
  }

  /// The number that a query of one row counts or sums up; 0 where it has none.
  func count(_ sql: String, _ values: [Value] = []) throws(StoreError) -> Int {
    try first(sql, values) { Int($0.int(0)) } ?? 0
  }

  /// Takes the rows of a query one by one until `ms` have passed.
  ///
  /// - Returns: whether they were all there are.
  func collect(
    _ sql: String, _ values: [Value], within ms: UInt64, _ take: (Statement) -> Void
  ) throws(StoreError) -> Bool {
    do throws(StoreError) {
      try withDeadline(ms: ms) { () throws(StoreError) in
        let statement = try statement(sql)
        defer { statement.reset() }
        statement.bind(values)
        while try statement.step() { take(statement) }
      }
      return true
    } catch  where error.cause == .interrupted {
      return false
    }
  }
}
