/// Reads what is new in a transcript, whatever its form: lines as they stand, and lines made of
/// what is no lines (see ``SourceForm``).
///
/// An unrolled file is read like a log that only grows: what a document's new version adds or
/// changes comes as further lines behind those that came before. Their offsets count bytes of
/// lines, so a receipt is what was read and stays so however the file is rewritten.
package struct SourceReader {
  private var tail = TailReader()
  private var documents = DocumentReader()
  private var archives = CompressedReader()
  private let databases = DatabaseReader()

  package init() {}

  /// Takes one turn at a file, like ``TailReader/read(_:from:budget:)``.
  ///
  /// - Throws: ``ReadError``; ``ReadError/Cause/malformed(_:)`` for what can't be read as it
  ///   stands. The cursor still holds.
  package mutating func read(
    _ path: FilePath, from cursor: Cursor?, budget: Int = 4 << 20
  ) throws(ReadError) -> LineBatch {
    switch SourceForm(of: path.name) {
    case .lines: try tail.read(path, from: cursor, budget: budget)
    case .document: try documents.read(path, from: cursor)
    case .compressed: try archives.read(path, from: cursor, budget: budget)
    case .database: try databases.read(path, from: cursor, budget: budget)
    }
  }
}

/// Lines that a turn makes, placed behind those of the turns before.
struct UnrolledLines {
  private(set) var lines: [RawLine] = []
  private(set) var offset: Int64
  private(set) var number: Int
  private(set) var bytes = 0

  /// - Parameter cursor: where the last turn ended; nil for the beginning.
  init(after cursor: Cursor?) {
    offset = cursor?.offset ?? 0
    number = cursor?.line ?? 0
  }

  /// - Parameter line: without a newline in it.
  mutating func append(_ line: [UInt8]) {
    lines.append(RawLine(offset: offset, bytes: line, number: number))
    offset += Int64(line.count) + 1
    number += 1
    bytes += line.count
  }
}

/// A number for some bytes, by which a reader knows them again.
enum Print {
  static func of(_ bytes: [UInt8]) -> Int64 { bytes.withUnsafeBytes { Anchor.of($0) } }
}
