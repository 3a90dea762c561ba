import FleetlogEvents
import FleetlogIngest

/// Follows a source of any form as the pipeline does, through a cursor that is stored between two
/// turns, and a reader that need not be the same.
struct UnrollFollower {
  var reader = SourceReader()
  var budget = 4 << 20
  /// Every line that came, in order.
  private(set) var lines: [RawLine] = []
  private(set) var problems: [SourceProblem] = []
  private(set) var restarts: [LineBatch.Restart] = []
  private(set) var cursor: Cursor?
  private(set) var turns = 0

  /// The texts that came since this was asked last.
  mutating func news(_ path: FilePath) throws -> [String] {
    let before = lines.count
    var isAtEnd = false
    while !isAtEnd { isAtEnd = try takeTurn(path) }
    return lines[before...].map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// - Returns: whether the end was reached.
  mutating func takeTurn(_ path: FilePath) throws -> Bool {
    let stored = cursor?.text
    let batch = try reader.read(path, from: stored.flatMap { Cursor(text: $0) }, budget: budget)
    if let restart = batch.restart { restarts.append(restart) }
    lines += batch.lines
    problems += batch.skipped
    cursor = batch.next
    turns += 1
    return batch.reachedEnd
  }

  /// As after a restart of the process.
  mutating func restart() { reader = SourceReader() }
}
