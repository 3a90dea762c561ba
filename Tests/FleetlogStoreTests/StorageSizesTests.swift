import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Sizes by kind of content")
struct StorageSizesTests {
  private func sizes(_ log: TemporaryLog) throws -> [String: Int64] {
    let sizes = try log.reader().sizes()
    #expect(sizes.map(\.bytes) == sizes.map(\.bytes).sorted(by: >))
    return Dictionary(uniqueKeysWithValues: sizes.map { ($0.kind, $0.bytes) })
  }

  @Test("The kinds add up to the files on the disk")
  func sum() throws {
    let log = try TemporaryLog()
    try log.append((0..<500).map { n in .sample("k\(n)") { $0.payload.set("text", "\(n)") } })
    try log.writer.connection.script("PRAGMA wal_checkpoint(TRUNCATE)", operation: "test")
    let index = SearchIndex.path(forDatabase: log.path)
    let sizes = try sizes(log)
    #expect(
      sizes.values.reduce(0, +)
        == fileSize(log.path) + fileSize(index) + fileSize(log.path + "-wal")
        + fileSize(index + "-wal"))
    for kind in ["events", "payloads", "indexes", "links", "full text", "receipts"] {
      #expect((sizes[kind] ?? 0) > 0, "\(kind)")
    }
  }

  @Test("What is added counts under its own kind")
  func kinds() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"))
    let before = try sizes(log)
    var generator = SeededGenerator(seed: 1)
    let text = (0..<100_000).map { _ in UInt8.random(in: 0x41...0x5A, using: &generator) }
    try log.append(.sample("a") { $0.payload.set("text", String(decoding: text, as: UTF8.self)) })
    let source = try log.addSource()
    let bytes = (0..<200_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    try log.commit(
      EventBatch(
        drafts: [.sample("b")], lines: [EventBatch.Line(offset: 0, bytes: bytes)],
        source: .read(source, to: 200_001)))
    let after = try sizes(log)
    // Letters alone are packed into five bits each.
    #expect((60_000...100_000).contains((after["payloads"] ?? 0) - (before["payloads"] ?? 0)))
    #expect((after["receipts"] ?? 0) > (before["receipts"] ?? 0))
    #expect((after["links"] ?? 0) == (before["links"] ?? 0))
  }
}
