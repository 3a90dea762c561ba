import Glibc

/// Finds the lines of a file in chunks of its bytes, one after the other.
///
/// It remembers where the current line began and nothing of its content, so a line may span any
/// number of chunks.
struct LineSplitter {
  /// The place of a line in the file, its newline left out.
  struct Line: Equatable {
    let start: Int64
    let end: Int64
    let number: Int

    var length: Int { Int(end - start) }
  }

  /// Bytes: where the line that has no newline yet begins.
  private(set) var lineStart: Int64
  /// The number of that line, from 0.
  private(set) var number: Int

  /// The next line that ends in a chunk; nil where none does.
  ///
  /// - Parameters:
  ///   - chunk: bytes of the file.
  ///   - offset: where the chunk stands in the file.
  ///   - scanned: how much of the chunk was searched already; moved behind the line's newline.
  mutating func next(
    in chunk: UnsafeRawBufferPointer, at offset: Int64, scanned: inout Int
  ) -> Line? {
    guard scanned < chunk.count, let base = chunk.baseAddress,
      let newline = memchr(base + scanned, Self.newline, chunk.count - scanned)
    else {
      scanned = chunk.count
      return nil
    }
    let index = UnsafeRawPointer(newline) - base
    let line = Line(start: lineStart, end: offset + Int64(index), number: number)
    scanned = index + 1
    lineStart = line.end + 1
    number += 1
    return line
  }

  static func hasNewline(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes {
      $0.baseAddress.map { memchr($0, newline, bytes.count) != nil } ?? false
    }
  }

  private static let newline = Int32(UInt8(ascii: "\n"))
}

extension RawLine {
  /// A line as the formats take it; nil for a blank one.
  init?(_ line: LineSplitter.Line, in content: Slice<UnsafeRawBufferPointer>) {
    let content = UnsafeRawBufferPointer(rebasing: content)
    guard let kept = Self.kept(of: content, at: line.start) else { return nil }
    self.init(
      offset: line.start + Int64(kept.lowerBound),
      bytes: [UInt8](UnsafeRawBufferPointer(rebasing: content[kept])), number: line.number)
  }

  /// The same without a copy, where nothing has to be dropped: the line may have 100 MB.
  init?(_ line: LineSplitter.Line, owning bytes: [UInt8]) {
    guard let kept = bytes.withUnsafeBytes({ Self.kept(of: $0, at: line.start) }) else {
      return nil
    }
    self.init(
      offset: line.start + Int64(kept.lowerBound),
      bytes: kept.count == bytes.count ? bytes : [UInt8](bytes[kept]), number: line.number)
  }

  /// What of a line counts: not a byte order mark at the start of the file, nor one carriage
  /// return at the end. Nil where only blanks are left.
  private static func kept(of content: UnsafeRawBufferPointer, at start: Int64) -> Range<Int>? {
    var kept = content[...]
    if start == 0, kept.starts(with: [0xEF, 0xBB, 0xBF]) { kept = kept.dropFirst(3) }
    if kept.last == UInt8(ascii: "\r") { kept = kept.dropLast() }
    let isBlank = kept.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    return isBlank ? nil : kept.indices
  }
}
