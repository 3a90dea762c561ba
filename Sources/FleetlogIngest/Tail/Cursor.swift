/// How far a file has been read, and what proves that it is still the same file.
///
/// Names, inodes and times all lie sooner or later: files are rotated, copied, cut in place,
/// restored. The bytes just before a place do not; a cursor resumes only where they are unchanged.
package struct Cursor: Sendable, Equatable {
  /// The file as it was last opened. Says why a reading restarts, not whether.
  package let identity: FileIdentity
  /// Bytes: the start of the first line that was not delivered yet.
  package let offset: Int64
  /// The number of the line that starts at `offset`, from 0.
  package let line: Int
  /// ``Anchor`` of the bytes before `offset`.
  package let anchor: Int64
  /// Bytes: up to here no newline ends the line at `offset`, so that a long line that grows in
  /// small writes is not scanned from its start each time. Equals `offset` between lines.
  package let scannedTo: Int64
  /// ``Anchor`` of the bytes before `scannedTo`.
  package let scanAnchor: Int64
  /// Set where the lines are not the file's bytes but made of them: then `offset` counts bytes of
  /// lines, and the anchors are 0.
  package let unrolled: Unrolled?

  /// How far a file is known whose bytes are not its lines, see ``SourceForm``.
  package struct Unrolled: Sendable, Equatable {
    /// Bytes of the file, as it was read.
    package let size: Int64
    /// What its reader remembers, as one line of text.
    package let memory: String

    package init(size: Int64, memory: String) {
      self.size = size
      self.memory = memory
    }
  }

  package init(
    identity: FileIdentity, offset: Int64, line: Int, anchor: Int64, scannedTo: Int64,
    scanAnchor: Int64
  ) {
    self.unrolled = nil
    self.identity = identity
    self.offset = offset
    self.line = line
    self.anchor = anchor
    self.scannedTo = scannedTo
    self.scanAnchor = scanAnchor
  }

  /// A place between the lines that a file was unrolled into.
  init(identity: FileIdentity, offset: Int64, line: Int, unrolled: Unrolled) {
    self.identity = identity
    self.offset = offset
    self.line = line
    anchor = 0
    scannedTo = offset
    scanAnchor = 0
    self.unrolled = unrolled
  }

  /// Whether everything was seen of a file that has so many bytes.
  package func isAtEnd(ofSize size: Int64) -> Bool { (unrolled?.size ?? scannedTo) == size }

  /// The beginning of a file.
  package static func start(of identity: FileIdentity) -> Cursor {
    Cursor(
      identity: identity, offset: 0, line: 0, anchor: Anchor.empty, scannedTo: 0,
      scanAnchor: Anchor.empty)
  }

  /// Whether the numbers can be those of a cursor; what comes back from a database may not be.
  var isSound: Bool { offset >= 0 && scannedTo >= offset && line >= 0 }

  func with(identity: FileIdentity) -> Cursor {
    Cursor(
      identity: identity, offset: offset, line: line, anchor: anchor, scannedTo: scannedTo,
      scanAnchor: scanAnchor)
  }

  /// The same place with the scan of the unfinished line forgotten.
  func rescanning() -> Cursor {
    Cursor(
      identity: identity, offset: offset, line: line, anchor: anchor, scannedTo: offset,
      scanAnchor: anchor)
  }
}

/// A hash of the bytes just before a place in a file.
///
/// FNV-1a: who could aim at a collision writes the file anyway, and would only hide a rewrite of
/// his own.
package enum Anchor {
  /// Bytes that an anchor covers; fewer near the start of a file.
  static let reach = 256

  static func length(at offset: Int64) -> Int { Int(min(offset, Int64(reach))) }

  static let empty = of(UnsafeRawBufferPointer(start: nil, count: 0))

  static func of(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return Int64(bitPattern: hash)
  }
}
