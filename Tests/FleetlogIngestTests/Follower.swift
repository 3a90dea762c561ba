import FleetlogEvents
import FleetlogIngest

/// Follows a file as the pipeline does, through a cursor that is stored between two turns.
struct Follower {
  var reader: TailReader
  var budget: Int
  /// The lines of the file's present incarnation.
  private(set) var lines: [RawLine] = []
  private(set) var skipped: [SourceProblem] = []
  private(set) var restarts: [LineBatch.Restart] = []
  private(set) var bytesRead = 0
  private(set) var cursor: Cursor?

  init(_ reader: TailReader = TailReader(), budget: Int = 4 << 20) {
    self.reader = reader
    self.budget = budget
  }

  var texts: [String] { lines.map { String(decoding: $0.bytes, as: UTF8.self) } }

  /// - Returns: whether the end was reached.
  @discardableResult
  mutating func takeTurn(_ path: FilePath) throws -> Bool {
    let stored = cursor?.text
    let batch = try reader.read(path, from: stored.flatMap { Cursor(text: $0) }, budget: budget)
    if let restart = batch.restart {
      restarts.append(restart)
      lines = []
      skipped = []
    }
    lines += batch.lines
    skipped += batch.skipped
    bytesRead += batch.bytesRead
    cursor = batch.next
    return batch.reachedEnd
  }

  /// - Throws: ``Endless`` where turns bring it nowhere.
  mutating func readToEnd(_ path: FilePath) throws {
    for _ in 0..<100_000 {
      if try takeTurn(path) { return }
    }
    throw Endless()
  }

  struct Endless: Error {}
}

/// The complete lines of a file by the rules, in the plainest way there is.
func completeLines(of bytes: [UInt8], limit: Int = .max) -> [RawLine] {
  var lines: [RawLine] = []
  var start = 0
  var number = 0
  for (index, byte) in bytes.enumerated() where byte == 0x0A {
    defer {
      start = index + 1
      number += 1
    }
    var line = bytes[start..<index]
    if line.count > limit { continue }
    if start == 0, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    if line.last == 0x0D { line = line.dropLast() }
    if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
    lines.append(RawLine(offset: Int64(line.startIndex), bytes: Array(line), number: number))
  }
  return lines
}

func areSame(_ left: RawLine, _ right: RawLine) -> Bool {
  left.offset == right.offset && left.number == right.number && left.bytes == right.bytes
}
