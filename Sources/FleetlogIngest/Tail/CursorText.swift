extension Cursor {
  /// The cursor as one line for a database column: numbers, and what the reader of an unrolled
  /// file remembers.
  package var text: String {
    let numbers = [
      identity.device, identity.inode, offset, Int64(line), anchor, scannedTo, scanAnchor,
    ].map(String.init)
    let rest = unrolled.map { [String($0.size), $0.memory] } ?? []
    return (numbers + rest).joined(separator: " ")
  }

  /// Reads what ``text`` wrote; nil where it is anything else.
  package init?(text: String) {
    let parts = text.split(separator: " ", maxSplits: 8)
    let numbers = parts.prefix(8).compactMap { Int64($0) }
    guard numbers.count == min(parts.count, 8),
      let line = numbers.count > 6 ? Int(exactly: numbers[3]) : nil
    else { return nil }
    if parts.count == 9 {
      self.init(
        identity: FileIdentity(device: numbers[0], inode: numbers[1]), offset: numbers[2],
        line: line, unrolled: Unrolled(size: numbers[7], memory: String(parts[8])))
      guard isSound else { return nil }
      return
    }
    guard parts.count == 7 else { return nil }
    self.init(
      identity: FileIdentity(device: numbers[0], inode: numbers[1]), offset: numbers[2],
      line: line, anchor: numbers[4], scannedTo: numbers[5], scanAnchor: numbers[6])
    guard isSound else { return nil }
  }
}
