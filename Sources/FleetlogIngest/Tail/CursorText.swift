extension Cursor {
  /// The cursor as one line of numbers, for a database column.
  package var text: String {
    [
      identity.device, identity.inode, offset, Int64(line), anchor, scannedTo, scanAnchor,
    ].map(String.init).joined(separator: " ")
  }

  /// Reads what ``text`` wrote; nil where it is anything else.
  package init?(text: String) {
    let numbers = text.split(separator: " ").compactMap { Int64($0) }
    guard numbers.count == 7, let line = Int(exactly: numbers[3]) else { return nil }
    self.init(
      identity: FileIdentity(device: numbers[0], inode: numbers[1]), offset: numbers[2],
      line: line, anchor: numbers[4], scannedTo: numbers[5], scanAnchor: numbers[6])
    guard isSound else { return nil }
  }
}
