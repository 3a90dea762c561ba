import FleetlogEvents

/// Unrolls a zstd archive of lines into them: the same lines at the same places as in the plain
/// file, so that neither copy tells a fact that the other does not.
///
/// A plain file of the same name wins: while it stands, the archive is not read. The archive that
/// was read last is kept open until its end; where turns at others came between, it is decompressed
/// again up to its place. In memory stand one chunk and the lines of the turn.
struct CompressedReader {
  private let lineLimit: Int
  private let totalLimit: Int64
  private var current: Archive?

  /// What proves that an archive continues what was read.
  private struct Memory: Codable {
    /// Of the bytes just before the place.
    let anchor: Int64
  }

  /// - Parameters:
  ///   - lineLimit: bytes; longer lines are skipped and reported.
  ///   - totalLimit: bytes that an archive may decompress to.
  init(lineLimit: Int = 110 << 20, totalLimit: Int64 = 8 << 30) {
    self.lineLimit = lineLimit
    self.totalLimit = totalLimit
  }

  mutating func read(
    _ path: FilePath, from cursor: Cursor?, budget: Int
  ) throws(ReadError) -> LineBatch {
    if path.name.count > 4, FileStamp.of(FilePath(bytes: path.bytes.dropLast(4))) != nil {
      current = nil
      throw ReadError(
        operation: "read", path: path,
        cause: .malformed("the plain file stands beside it and is read instead"))
    }
    let archive = try open(path, cursor)
    current = nil
    var turn = Turn(lineLimit: lineLimit)
    while turn.bytes < budget || (turn.lines.isEmpty && turn.skipped.isEmpty) {
      do throws(ReadError) {
        turn.reachedEnd = try !archive.next(totalLimit, into: &turn)
        if turn.reachedEnd || archive.isOther { break }
      } catch {
        // What came before the bad place is good; the next turn reports the error.
        if turn.lines.isEmpty && turn.skipped.isEmpty { throw error }
        break
      }
    }
    guard !archive.isOther else {
      let isSame = cursor?.identity == archive.file.stamp.identity
      return try read(path, from: nil, budget: budget).restarting(
        as: isSame ? .rewritten : .replaced)
    }
    if !turn.reachedEnd { current = archive }
    let memory = Memory(anchor: archive.anchor)
    return LineBatch(
      restart: cursor == nil ? .firstRead : nil, lines: turn.lines, skipped: turn.skipped,
      next: Cursor(
        identity: archive.file.stamp.identity, offset: archive.splitter.lineStart,
        line: archive.splitter.number,
        unrolled: Cursor.Unrolled(
          size: turn.reachedEnd ? archive.file.stamp.size : -1,
          memory: ParserState.encode(memory))),
      reachedEnd: turn.reachedEnd, bytesRead: turn.bytes, stamp: archive.file.stamp)
  }

  private func open(_ path: FilePath, _ cursor: Cursor?) throws(ReadError) -> Archive {
    if let current, let cursor, current.file.path == path,
      current.splitter.lineStart == cursor.offset,
      FileStamp.of(path) == current.file.stamp
    {
      return current
    }
    let memory: Memory? = ParserState.decode(cursor?.unrolled?.memory)
    return Archive(
      try OpenFile(path),
      from: cursor.map { Archive.Place(cursor: $0, anchor: memory?.anchor) })
  }

  /// What a turn has gathered so far.
  fileprivate struct Turn {
    let lineLimit: Int
    var lines: [RawLine] = []
    var skipped: [SourceProblem] = []
    /// Decompressed in this turn.
    var bytes = 0
    var reachedEnd = false
  }
}

/// An archive that is being decompressed.
private final class Archive {
  /// Where a cursor left the archive.
  struct Place {
    let cursor: Cursor
    let anchor: Int64?
  }

  let file: OpenFile
  private let stream = ZstdStream()
  private var input: [UInt8] = []
  private var taken = 0
  private var inputOffset: Int64 = 0
  private var output = [UInt8](repeating: 0, count: 256 << 10)
  /// Bytes decompressed so far.
  private var total: Int64 = 0
  /// The line that is not at its end yet, as far as it is not too long to be kept.
  private var line: [UInt8] = []
  var splitter = LineSplitter(lineStart: 0, number: 0)
  /// Of what came before `splitter.lineStart`, at least as many bytes as an anchor covers.
  private var recent: [UInt8] = []

  /// What comes before this was told.
  private let start: Place?
  /// Whether the archive holds at `start` what the cursor saw there; nil until it is reached.
  private var isProven: Bool?

  /// - Parameter start: nil for the beginning.
  init(_ file: consuming OpenFile, from start: Place?) {
    self.file = file
    self.start = start
    prove()
  }

  /// Whether it is another archive than the one that the cursor was of.
  var isOther: Bool { isProven == false }

  private func prove() {
    guard isProven == nil else { return }
    guard let start else {
      isProven = true
      return
    }
    guard splitter.lineStart >= start.cursor.offset else { return }
    isProven =
      splitter.lineStart == start.cursor.offset && splitter.number == start.cursor.line
      && anchor == start.anchor
  }

  var anchor: Int64 { Print.of(Array(recent.suffix(Anchor.reach))) }

  /// Decompresses a chunk.
  ///
  /// - Returns: false at the archive's end.
  func next(
    _ totalLimit: Int64, into turn: inout CompressedReader.Turn
  ) throws(ReadError) -> Bool {
    let position = total
    let count = try fill()
    guard count > 0 else {
      guard stream.isBetweenFrames else { throw malformed("the archive is not whole") }
      isProven = isProven ?? false
      return false
    }
    total += Int64(count)
    turn.bytes += count
    guard total <= totalLimit else {
      throw malformed("it decompresses to more than \(totalLimit) bytes")
    }
    output.withUnsafeBytes {
      take(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: position, &turn)
    }
    return true
  }

  private func take(
    _ chunk: UnsafeRawBufferPointer, at position: Int64, _ turn: inout CompressedReader.Turn
  ) {
    var scanned = 0
    while true {
      let start = scanned
      guard let found = splitter.next(in: chunk, at: position, scanned: &scanned) else {
        if line.count <= turn.lineLimit { line += chunk[start...] }
        return
      }
      let rest = chunk[start..<scanned - 1]
      let isTold = isProven != true
      defer {
        line.removeAll(keepingCapacity: line.count < 1 << 20)
        prove()
      }
      if found.length > turn.lineLimit {
        if !isTold {
          turn.skipped.append(
            SourceProblem(
              kind: .skipped, span: SourceSpan(offset: found.start, length: Int64(found.length)),
              reason: "the line has \(found.length) bytes, which is over the limit of "
                + "\(turn.lineLimit)"))
        }
        remember(rest)
      } else {
        line += rest
        line.withUnsafeBytes { bytes in
          if !isTold, let taken = RawLine(found, in: bytes[...]) { turn.lines.append(taken) }
          remember(bytes[...])
        }
      }
    }
  }

  private func remember(_ bytes: Slice<UnsafeRawBufferPointer>) {
    recent += bytes.suffix(Anchor.reach)
    recent.append(0x0A)
    if recent.count > 16 * Anchor.reach { recent.removeFirst(recent.count - Anchor.reach) }
  }

  /// Fills the output as far as it goes.
  ///
  /// - Returns: bytes; 0 at the archive's end.
  private func fill() throws(ReadError) -> Int {
    while true {
      if taken == input.count {
        input = try file.bytes(at: inputOffset, count: 128 << 10)
        inputOffset += Int64(input.count)
        taken = 0
      }
      let isEnd = input.isEmpty
      let step = input.withUnsafeBytes { input in
        output.withUnsafeMutableBytes { stream.step(input, taken: &taken, into: $0) }
      }
      switch step {
      case .failed(let reason): throw malformed("not a zstd archive: \(reason)")
      case .wrote(let count):
        if count > 0 || isEnd { return count }
      }
    }
  }

  private func malformed(_ reason: String) -> ReadError {
    ReadError(operation: "read", path: file.path, cause: .malformed(reason))
  }
}
