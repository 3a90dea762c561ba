import FleetlogEvents

/// Unrolls a JSON document that its writer rewrites as a whole into the records in it, each a line.
///
/// A document is read again when its stamp changes, whole, and unrolled where its bytes have
/// changed too. What was told of it is remembered by a print of each record, so a further version
/// adds the records that are new or have changed and nothing else. A record that has gone from the
/// document stays told.
struct DocumentReader: Sendable {
  /// What a reader knows of a document from the turn before.
  private struct Memory: Codable {
    /// Which document it is: another one that has taken the path begins anew.
    let name: String
    /// Of its bytes.
    let print: Int64
    /// Of each record that stands in it.
    let records: [Int64]
  }

  private let limit: Int
  private var storage = OpenCodeStorage()

  /// - Parameter limit: bytes; a larger document is not read.
  init(limit: Int = 110 << 20) { self.limit = limit }

  mutating func read(
    _ path: FilePath, from cursor: Cursor?
  ) throws(ReadError) -> LineBatch {
    let file = try OpenFile(path)
    let memory: Memory? = ParserState.decode(cursor?.unrolled?.memory)
    let bytes = try content(of: file)
    if bytes.allSatisfy({ $0 <= 0x20 }) {
      guard memory == nil else { throw malformed(path, "the document is empty") }
      return batch(
        file, bytes.count, cursor == nil ? .firstRead : nil, UnrolledLines(after: cursor), nil)
    }
    let print = Print.of(bytes)
    if let memory, memory.print == print {
      return batch(file, bytes.count, nil, UnrolledLines(after: cursor), memory)
    }
    let document = try parse(bytes, path)
    let isKnown = memory?.name == document.name
    let told = isKnown ? Set(memory?.records ?? []) : []
    var lines = UnrolledLines(after: isKnown ? cursor : nil)
    var prints: [Int64] = []
    for record in document.records {
      let print = Print.of(record)
      prints.append(print)
      if !told.contains(print) { lines.append(record) }
    }
    var restart: LineBatch.Restart?
    if !isKnown {
      restart =
        cursor == nil
        ? .firstRead : cursor?.identity == file.stamp.identity ? .rewritten : .replaced
    }
    return batch(
      file, bytes.count, restart, lines,
      Memory(name: document.name, print: print, records: prints))
  }

  private func content(of file: borrowing OpenFile) throws(ReadError) -> [UInt8] {
    guard file.stamp.size <= limit else {
      throw malformed(
        file.path,
        "the document has \(file.stamp.size) bytes, which is over the limit of \(limit)")
    }
    return try file.bytes(at: 0, count: Int(file.stamp.size))
  }

  private mutating func parse(
    _ bytes: [UInt8], _ path: FilePath
  ) throws(ReadError) -> UnrolledDocument {
    let root: JSONValue
    do throws(JSONError) { root = try JSONDocument(bytes).root } catch {
      throw malformed(path, "not a whole JSON document: \(error)")
    }
    if let place = StoredRecord(path: path) {
      guard let document = storage.unroll(root, at: place) else {
        throw ReadError(
          operation: "read", path: path,
          cause: .alone("no message that it would be a part of stands beside it"))
      }
      return document
    }
    return UnrolledDocument(root)
  }

  private func malformed(_ path: FilePath, _ reason: String) -> ReadError {
    ReadError(operation: "read", path: path, cause: .malformed(reason))
  }

  private func batch(
    _ file: borrowing OpenFile, _ bytesRead: Int, _ restart: LineBatch.Restart?,
    _ lines: UnrolledLines, _ memory: Memory?
  ) -> LineBatch {
    LineBatch(
      restart: restart, lines: lines.lines, skipped: [],
      next: Cursor(
        identity: file.stamp.identity, offset: lines.offset, line: lines.number,
        unrolled: Cursor.Unrolled(
          size: file.stamp.size, memory: memory.map { ParserState.encode($0) } ?? "{}")),
      reachedEnd: true, bytesRead: bytesRead, stamp: file.stamp)
  }
}

/// A document as records, in their order.
struct UnrolledDocument {
  let name: String
  let records: [[UInt8]]

  init(name: String, records: [[UInt8]]) {
    self.name = name
    self.records = records
  }

  /// A conversation that holds its messages is unrolled into what it says of itself and each
  /// message, as Gemini CLI's later builds append them to a log; anything else is one record.
  init(_ root: JSONValue) {
    name = root["sessionId"]?.string ?? root["id"]?.string ?? ""
    guard let messages = root["messages"], messages.isArray else {
      records = [JSONObject.compact(root)]
      return
    }
    var head = JSONObject()
    // When the document was last written is no news.
    for (key, value) in root.members where !["messages", "lastUpdated"].contains(key) {
      if !head.contains(key) { head.set(key, value) }
    }
    records = [head.bytes] + messages.elements.map { JSONObject.compact($0) }
  }
}
