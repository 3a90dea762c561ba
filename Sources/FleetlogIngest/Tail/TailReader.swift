import FleetlogEvents

/// Reads the complete lines that were appended to a file since a cursor.
///
/// A turn opens the file, proves that it continues what the cursor saw, reads up to a budget and
/// closes it. Nothing is kept between turns but the cursor, so any number of files can take turns
/// at one reader, and a restart is no special case. In memory stand one chunk and the lines of the
/// turn; of a line that is still without its newline nothing at all: it is scanned once while it
/// grows and read once when it is complete.
///
/// A turn goes on to the end of the file as it finds it, even if the file grows meanwhile; the
/// budget bounds that. The last line counts as not yet written until its newline comes.
package struct TailReader: Sendable {
  private let lineLimit: Int
  private let chunkSize: Int
  private let linesPerTurn: Int
  /// ``Anchor/reach`` bytes from before the chunk, then the chunk.
  private var buffer: [UInt8]

  /// - Parameters:
  ///   - lineLimit: bytes; longer lines are skipped and reported.
  ///   - chunkSize: bytes per read.
  ///   - linesPerTurn: lines after which a turn ends, which bounds the memory of tiny lines.
  package init(lineLimit: Int = 110 << 20, chunkSize: Int = 256 << 10, linesPerTurn: Int = 16_384) {
    self.lineLimit = lineLimit
    self.chunkSize = max(1, chunkSize)
    self.linesPerTurn = max(1, linesPerTurn)
    buffer = [UInt8](repeating: 0, count: Anchor.reach + self.chunkSize)
  }

  /// Takes one turn at a file.
  ///
  /// - Parameters:
  ///   - cursor: where the last turn ended, of this path or of another that the file had before;
  ///     nil to read from the beginning.
  ///   - budget: bytes after which the turn ends. A line that is longer is still read whole.
  /// - Throws: ``ReadError`` where the file can't be opened or read. Nothing is lost: the cursor
  ///   still holds.
  package mutating func read(
    _ path: FilePath, from cursor: Cursor?, budget: Int = 4 << 20
  ) throws(ReadError) -> LineBatch {
    let file = try OpenFile(path)
    let (start, restart) = try resume(file, from: cursor)
    var turn = Turn(start)
    while turn.bytesRead < budget, turn.lines.count < linesPerTurn {
      let progress: Progress
      do throws(ReadError) {
        progress = try readChunk(of: file, upTo: budget - turn.bytesRead, into: &turn)
      } catch {
        // What came before the bad place is good; the next turn reports the error.
        if turn.lines.isEmpty && turn.skipped.isEmpty { throw error }
        break
      }
      if progress != .more {
        turn.reachedEnd = progress == .end
        break
      }
    }
    return LineBatch(
      restart: restart, lines: turn.lines, skipped: turn.skipped, next: turn.cursor,
      reachedEnd: turn.reachedEnd, bytesRead: turn.bytesRead, stamp: file.stamp)
  }

  // MARK: Continuity

  private mutating func resume(
    _ file: borrowing OpenFile, from cursor: Cursor?
  ) throws(ReadError) -> (Cursor, LineBatch.Restart?) {
    let identity = file.stamp.identity
    guard let cursor else { return (.start(of: identity), .firstRead) }
    if cursor.isSound, try holds(cursor.anchor, at: cursor.offset, in: file) {
      let isScanned = try holds(cursor.scanAnchor, at: cursor.scannedTo, in: file)
      return ((isScanned ? cursor : cursor.rescanning()).with(identity: identity), nil)
    }
    let restart: LineBatch.Restart =
      if cursor.identity != identity {
        .replaced
      } else if file.stamp.size < cursor.offset {
        .shrunk
      } else {
        .rewritten
      }
    return (.start(of: identity), restart)
  }

  /// Whether the bytes before `offset` are those that the anchor saw. Leaves them in the buffer,
  /// right before the chunk.
  private mutating func holds(
    _ anchor: Int64, at offset: Int64, in file: borrowing OpenFile
  ) throws(ReadError) -> Bool {
    let length = Anchor.length(at: offset)
    let found = try fill(
      Anchor.reach - length..<Anchor.reach, from: file, at: offset - Int64(length))
    return found == length && self.anchor(endingAt: Anchor.reach, length: length) == anchor
  }

  /// The anchor of bytes in the buffer.
  private func anchor(endingAt index: Int, length: Int) -> Int64 {
    buffer.withUnsafeBytes {
      Anchor.of(UnsafeRawBufferPointer(rebasing: $0[index - length..<index]))
    }
  }

  private mutating func fill(
    _ range: Range<Int>, from file: borrowing OpenFile, at offset: Int64
  ) throws(ReadError) -> Int {
    var count = 0
    var failure: ReadError?
    buffer.withUnsafeMutableBytes { bytes in
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
      do throws(ReadError) { count = try file.read(at: offset, into: target) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return count
  }

  // MARK: Lines

  /// What a turn has gathered so far.
  private struct Turn {
    var cursor: Cursor
    var lines: [RawLine] = []
    var skipped: [SourceProblem] = []
    var bytesRead = 0
    var reachedEnd = false

    init(_ start: Cursor) { cursor = start }
  }

  private enum Progress {
    case more
    case end
    /// The file was rewritten while it was read; the next turn finds out how.
    case changed
  }

  private mutating func readChunk(
    of file: borrowing OpenFile, upTo budget: Int, into turn: inout Turn
  ) throws(ReadError) -> Progress {
    let position = turn.cursor.scannedTo
    let wanted = min(chunkSize, budget)
    let count = try fill(Anchor.reach..<Anchor.reach + wanted, from: file, at: position)
    turn.bytesRead += count
    // Proven after the bytes were read, not before: a file that is truncated and written anew
    // between the two can't pass for one that continues.
    guard try holds(turn.cursor.scanAnchor, at: position, in: file) else { return .changed }
    var splitter = LineSplitter(lineStart: turn.cursor.offset, number: turn.cursor.line)
    var scanned = 0
    while turn.lines.count < linesPerTurn,
      let line = next(&splitter, count: count, at: position, scanned: &scanned)
    {
      guard try take(line, of: file, chunkAt: position, into: &turn) else { return .changed }
    }
    turn.cursor = cursor(after: turn.cursor, splitter, chunkAt: position, scanned: scanned)
    guard scanned == count else { return .more }
    try passHole(in: file, of: &turn)
    return count < wanted ? .end : .more
  }

  private func next(
    _ splitter: inout LineSplitter, count: Int, at position: Int64, scanned: inout Int
  ) -> LineSplitter.Line? {
    buffer.withUnsafeBytes {
      splitter.next(
        in: UnsafeRawBufferPointer(rebasing: $0[Anchor.reach..<Anchor.reach + count]),
        at: position, scanned: &scanned)
    }
  }

  /// - Returns: false where the line is not what was scanned before.
  private func take(
    _ line: LineSplitter.Line, of file: borrowing OpenFile, chunkAt position: Int64,
    into turn: inout Turn
  ) throws(ReadError) -> Bool {
    guard line.length <= lineLimit else {
      turn.skipped.append(
        SourceProblem(
          kind: .skipped, span: SourceSpan(offset: line.start, length: Int64(line.length)),
          reason: "the line has \(line.length) bytes, which is over the limit of \(lineLimit)"))
      return true
    }
    if line.start >= position {
      let range = index(of: line.start, chunkAt: position)..<index(of: line.end, chunkAt: position)
      if let taken = buffer.withUnsafeBytes({ RawLine(line, in: $0[range]) }) {
        turn.lines.append(taken)
      }
      return true
    }
    let bytes = try file.bytes(at: line.start, count: line.length)
    turn.bytesRead += bytes.count
    let tail = buffer[Anchor.reach..<index(of: line.end, chunkAt: position)]
    guard bytes.count == line.length, bytes.suffix(tail.count) == tail,
      !LineSplitter.hasNewline(bytes)
    else { return false }
    if let taken = RawLine(line, owning: bytes) { turn.lines.append(taken) }
    return true
  }

  private func index(of offset: Int64, chunkAt position: Int64) -> Int {
    Anchor.reach + Int(offset - position)
  }

  private func cursor(
    after last: Cursor, _ splitter: LineSplitter, chunkAt position: Int64, scanned: Int
  ) -> Cursor {
    let scannedTo = position + Int64(scanned)
    let anchor = { (offset: Int64) in
      self.anchor(
        endingAt: self.index(of: offset, chunkAt: position), length: Anchor.length(at: offset))
    }
    return Cursor(
      identity: last.identity, offset: splitter.lineStart, line: splitter.number,
      anchor: splitter.lineStart == last.offset ? last.anchor : anchor(splitter.lineStart),
      scannedTo: scannedTo, scanAnchor: anchor(scannedTo))
  }

  /// A line that is too long anyway may be terabytes of nothing: a sparse file costs no disk.
  private mutating func passHole(
    in file: borrowing OpenFile, of turn: inout Turn
  ) throws(ReadError) {
    let last = turn.cursor
    guard last.scannedTo - last.offset > Int64(lineLimit) else { return }
    let end = file.endOfHole(at: last.scannedTo)
    let length = Anchor.length(at: end)
    guard end > last.scannedTo,
      try fill(Anchor.reach - length..<Anchor.reach, from: file, at: end - Int64(length)) == length
    else { return }
    turn.cursor = Cursor(
      identity: last.identity, offset: last.offset, line: last.line, anchor: last.anchor,
      scannedTo: end, scanAnchor: anchor(endingAt: Anchor.reach, length: length))
  }
}
