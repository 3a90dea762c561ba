import Glibc

/// Texts of what is forgotten, looked for afterwards in the raw bytes of the log's files.
package struct ForgottenTraces: Sendable {
  /// Bytes of each: shorter ones stand in other texts too.
  private static let length = 24...48
  private static let most = 24
  /// Events of which texts are taken, spread over all.
  private static let sampled = 200
  private static let window = 4 << 20

  /// What looking for them came to.
  package struct Report: Sendable {
    /// Texts that were looked for.
    package var texts = 0
    package var files: [String] = []
    package var bytes: Int64 = 0
    /// How many of them were found where nothing that stays has them.
    package var found = 0
  }

  let texts: [[UInt8]]

  /// Takes them of the events in the temporary table `gone`.
  init(_ connection: Connection) throws(StoreError) {
    let count = try connection.count("SELECT count(*) FROM gone")
    let rows = try connection.rows(
      """
      SELECT e.summary, e.payload_json, e.payload_packed FROM
        (SELECT id, row_number() OVER (ORDER BY id) AS n FROM gone) g JOIN events e USING (id)
      WHERE g.n % ? = 0
      """, [Value(max(1, count / Self.sampled))]
    ) { [$0.blob(0), $0.blob(1), $0.blob(2)] }
    var texts: [[UInt8]] = []
    for text in rows.joined() where texts.count < Self.most * 8 {
      guard text.count >= Self.length.lowerBound else { continue }
      // The middle says more than the beginning, which many have in common.
      let length = min(text.count, Self.length.upperBound)
      let start = (text.count - length) / 2
      let piece = Array(text[start..<start + length])
      if !texts.contains(piece) { texts.append(piece) }
    }
    let step = max(1, texts.count / Self.most)
    self.texts = texts.enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  package init(texts: [[UInt8]]) { self.texts = texts }

  /// Looks for them in a log's files, the full text and what SQLite keeps beside both included.
  package func search(database path: String) throws(StoreError) -> Report {
    var report = Report()
    report.texts = texts.count
    var found: Set<Int> = []
    let index = SearchIndex.path(forDatabase: path)
    for file in [path, index].flatMap({ [$0, $0 + "-wal", $0 + "-journal"] }) {
      guard fileSize(file) > 0 else { continue }
      report.files.append(file)
      report.bytes += fileSize(file)
      found.formUnion(try matches(in: file))
    }
    guard !found.isEmpty else { return report }
    // What stays may say the same.
    let connection = try Connection(path: path, access: .readOnly)
    for number in found {
      let stays = try connection.finds(
        """
        SELECT 1 FROM events WHERE instr(CAST(summary AS BLOB), ?1) > 0
          OR instr(CAST(payload_json AS BLOB), ?1) > 0 OR instr(payload_packed, ?1) > 0 LIMIT 1
        """, [.blob(texts[number])])
      if !stays { report.found += 1 }
    }
    return report
  }

  private func matches(in path: String) throws(StoreError) -> Set<Int> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      throw StoreError(
        operation: "look for what was forgotten", place: path, cause: .system(errno: code),
        detail: String(cString: strerror(code)))
    }
    defer { close(descriptor) }
    var found: Set<Int> = []
    var buffer = [UInt8](repeating: 0, count: Self.window)
    var offset: off_t = 0
    while true {
      let count = buffer.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, offset)
      }
      guard count > 0 else { return found }
      for (number, text) in texts.enumerated() where !found.contains(number) {
        let isThere = buffer.withUnsafeBytes { holds($0[..<count], text) }
        if isThere { found.insert(number) }
      }
      // A text may lie across two windows.
      guard count == Self.window else { return found }
      offset += off_t(count - Self.length.upperBound)
    }
  }

  private func holds(_ bytes: Slice<UnsafeRawBufferPointer>, _ text: [UInt8]) -> Bool {
    guard let start = bytes.base.baseAddress, let first = text.first else { return false }
    var at = 0
    while at + text.count <= bytes.count,
      let hit = memchr(start + at, Int32(first), bytes.count - at - text.count + 1)
    {
      if memcmp(hit, text, text.count) == 0 { return true }
      at = UnsafeRawPointer(hit) - start + 1
    }
    return false
  }
}
