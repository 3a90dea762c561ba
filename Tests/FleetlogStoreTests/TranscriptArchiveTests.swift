import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Keeping transcripts")
struct TranscriptArchiveTests {
  private struct Chunk: Equatable {
    let offset: Int64
    let length: Int64
    let codec: String
  }

  private static let line = Array(
    #"{"type":"assistant","message":{"role":"assistant","content":"again and again the same"}}"#
      .utf8)

  private func chunks(_ log: TemporaryLog) throws -> [Chunk] {
    try Connection(path: log.path, access: .readOnly).rows(
      "SELECT source_offset, source_length, codec FROM transcript_chunks ORDER BY 1"
    ) { Chunk(offset: $0.int(0), length: $0.int(1), codec: $0.text(2)) }
  }

  /// Appends lines of one size in one batch, right behind what was there.
  private func append(
    _ count: Int, from offset: inout Int64, of source: SourceRecord, to writer: EventWriter
  ) throws {
    var batch = EventBatch(drafts: [])
    for _ in 0..<count {
      batch.lines.append(EventBatch.Line(offset: offset, bytes: Self.line))
      batch.drafts.append(
        .sample("at \(offset)") { [offset] draft in
          draft.span = SourceSpan(offset: offset, length: Int64(Self.line.count))
        })
      offset += Int64(Self.line.count) + 1
    }
    batch.source = .read(source, to: offset, lines: count)
    _ = try writer.commit(batch, now: TemporaryLog.recordedAt)
  }

  private func verify(_ log: TemporaryLog) throws {
    let reader = try log.reader()
    for event in try log.events() where event.span != nil {
      #expect(try reader.event(event.id)?.receipt?.bytes == Self.line, "\(event.id)")
    }
  }

  @Test("A small file is compressed at once, a single short line is not")
  func small() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    var offset: Int64 = 0
    try append(60, from: &offset, of: source, to: log.writer)
    #expect(try chunks(log) == [Chunk(offset: 0, length: offset - 1, codec: "zstd")])
    let short = EventBatch.Line(offset: offset + 1, bytes: Array("x".utf8))
    try log.commit(
      EventBatch(
        drafts: [.sample("x")], lines: [short], source: .read(source, to: offset + 3)))
    #expect(try chunks(log).last == Chunk(offset: offset + 1, length: 1, codec: "raw"))
    try verify(log)
  }

  @Test("What is appended piece by piece comes to lie in few chunks, also across restarts")
  func pieces() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    var offset: Int64 = 0
    for round in 0..<120 {
      // A new writer every ten appends, as after a restart.
      let writer =
        round % 10 == 0
        ? try EventWriter(path: log.path, holdsLock: false, project: SessionReducer.apply)
        : log.writer
      try append(100, from: &offset, of: source, to: writer)
    }
    #expect(offset > 1 << 20)
    let chunks = try chunks(log)
    #expect(chunks.count < 25, "\(chunks)")
    #expect(chunks.allSatisfy { $0.codec == "zstd" })
    for (chunk, next) in zip(chunks, chunks.dropFirst()) {
      #expect(chunk.offset + chunk.length + 1 == next.offset)
    }
    try verify(log)
  }

  @Test("Pieces on both sides of a wide gap stay apart")
  func gap() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    var offset: Int64 = 0
    try append(10, from: &offset, of: source, to: log.writer)
    let gap = offset..<offset + 10_000
    offset = gap.upperBound
    for _ in 0..<16 { try append(100, from: &offset, of: source, to: log.writer) }
    let chunks = try chunks(log)
    #expect(chunks.count < 10, "\(chunks)")
    #expect(chunks.allSatisfy { !gap.overlaps($0.offset..<$0.offset + $0.length - 1) })
    try verify(log)
  }
}
