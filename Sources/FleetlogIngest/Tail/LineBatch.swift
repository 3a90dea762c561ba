package import FleetlogEvents

/// What one turn at a file brought.
package struct LineBatch: Sendable {
  /// Why the file was read from its beginning; nil where the turn went on from the cursor.
  package enum Restart: String, Sendable, CaseIterable {
    case firstRead = "first_read"
    /// Shorter than what was read of it: truncated, or cut in place.
    case shrunk
    /// The bytes before the cursor are others.
    case rewritten
    /// Another file stands at the path, such as after a rotation.
    case replaced
  }

  package let restart: Restart?
  /// Complete lines that are not blank, in file order.
  package let lines: [RawLine]
  /// Lines that were too long to be taken.
  package let skipped: [SourceProblem]
  /// Where the next turn begins; to be committed together with what the lines gave.
  package let next: Cursor
  /// Whether the file had no more bytes; where false, another turn is due at once.
  package let reachedEnd: Bool
  /// Bytes that were read from the file to get here, the proofs of continuity left out.
  package let bytesRead: Int
  /// The file as it was when this turn began.
  package let stamp: FileStamp
}

extension LineBatch {
  /// The same, as what was found where a cursor no longer held.
  func restarting(as restart: Restart) -> LineBatch {
    LineBatch(
      restart: restart, lines: lines, skipped: skipped, next: next, reachedEnd: reachedEnd,
      bytesRead: bytesRead, stamp: stamp)
  }
}
