import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@Suite("Receipts")
struct ReceiptTests {
  /// A transcript that is read line by line, an event to each line.
  private struct Transcript {
    let log: TemporaryLog
    let path: String
    var source: SourceRecord
    var content: [UInt8] = []
    var spans: [SourceSpan] = []

    init(_ log: TemporaryLog) throws {
      self.log = log
      path = log.path("transcript.jsonl")
      source = try log.addSource(path)
    }

    /// Appends lines and reads them in one batch.
    mutating func append(_ lines: [[UInt8]], between: [UInt8] = [0x0A], silently: Bool = false)
      throws
    {
      var batch = EventBatch(drafts: [])
      for line in lines {
        let span = SourceSpan(offset: Int64(content.count), length: Int64(line.count))
        batch.lines.append(EventBatch.Line(offset: span.offset, bytes: line))
        if !silently {
          batch.drafts.append(.sample("line \(spans.count)") { $0.span = span })
          spans.append(span)
        }
        content += line + between
      }
      batch.source = .read(source, to: Int64(content.count), lines: lines.count)
      try Data(content).write(to: URL(fileURLWithPath: path))
      try log.commit(batch)
    }

    func receipt(_ number: Int) throws -> Receipt? {
      let event = try #require(try log.event("line \(number)"))
      return try log.reader().event(event.id)?.receipt
    }

    /// Whether every receipt holds exactly the bytes that were read.
    func verify(agrees: Bool) throws {
      let reader = try log.reader()
      for event in try log.events() {
        guard let span = event.span else { continue }
        let receipt = try #require(try reader.event(event.id)?.receipt, "\(span)")
        let expected = content[Int(span.offset)..<Int(span.offset + span.length)]
        #expect(receipt.bytes == Array(expected), "\(span)")
        #expect(receipt.fileStillAgrees == agrees)
        #expect(receipt.path == path)
        #expect(!receipt.isCut)
      }
    }

    func deleteFile() throws { try FileManager.default.removeItem(atPath: path) }
  }

  private func line(_ length: Int, _ random: inout SeededGenerator) -> [UInt8] {
    (0..<length).map { _ in UInt8(0x20 + random.below(90)) }
  }

  @Test("Receipts come back byte for byte for many small appends, packed and not, file or none")
  func smallAppends() throws {
    var random = SeededGenerator(seed: 1)
    var transcript = try Transcript(TemporaryLog())
    for _ in 0..<60 {
      let lines = (0..<1 + random.below(4)).map { _ in line(random.below(6000), &random) }
      try transcript.append(lines, between: random.chance(4) ? [0x0A, 0x0A] : [0x0A])
    }
    #expect(transcript.content.count > 256 << 10)
    try transcript.verify(agrees: true)
    try transcript.deleteFile()
    try transcript.verify(agrees: false)
  }

  @Test("Lines that lie far apart are packed too")
  func gaps() throws {
    var random = SeededGenerator(seed: 2)
    var transcript = try Transcript(TemporaryLog())
    for _ in 0..<70 {
      try transcript.append([line(5000, &random)])
      // Nothing comes of these lines, so they are not kept.
      try transcript.append([line(6000, &random)], silently: true)
    }
    try transcript.deleteFile()
    try transcript.verify(agrees: false)
  }

  @Test("A big line comes back whole up to what a page shows")
  func bigLines() throws {
    var random = SeededGenerator(seed: 3)
    var transcript = try Transcript(TemporaryLog())
    let big = line(1 << 20, &random)
    try transcript.append([line(10, &random), line(200 << 10, &random), big, line(10, &random)])
    try transcript.deleteFile()
    #expect(try transcript.receipt(0)?.bytes.count == 10)
    #expect(try transcript.receipt(1)?.bytes.count == 200 << 10)
    #expect(try transcript.receipt(1)?.isCut == false)
    let cut = try #require(try transcript.receipt(2))
    #expect(cut.isCut)
    #expect(cut.bytes == Array(big.prefix(cut.bytes.count)))
    #expect(cut.bytes.count >= 256 << 10)
    #expect(try transcript.receipt(3)?.bytes.count == 10)
  }

  @Test("A receipt says when the file holds something else, and shows what was read")
  func changedFile() throws {
    var transcript = try Transcript(TemporaryLog())
    try transcript.append([Array("first".utf8), Array("second".utf8)])
    #expect(try transcript.receipt(1)?.fileStillAgrees == true)
    try Data("first\nSECOND\n".utf8).write(to: URL(fileURLWithPath: transcript.path))
    #expect(try transcript.receipt(0)?.fileStillAgrees == true)
    #expect(try transcript.receipt(1)?.fileStillAgrees == false)
    #expect(try transcript.receipt(1)?.bytes == Array("second".utf8))
    try Data("first\n".utf8).write(to: URL(fileURLWithPath: transcript.path))
    #expect(try transcript.receipt(1)?.fileStillAgrees == false)
  }

  @Test("What a parser held back has its receipt too when it is let go")
  func heldBack() throws {
    let log = try TemporaryLog()
    let source = try log.addSource(log.path("gone.jsonl"))
    let bytes = Array("held back".utf8)
    try log.commit(
      EventBatch(
        drafts: [], lines: [EventBatch.Line(offset: 0, bytes: bytes)],
        source: .read(source, to: 10, isHolding: true)))
    let held = EventDraft.sample("a") { $0.span = SourceSpan(offset: 0, length: 9) }
    try log.commit(EventBatch(drafts: [held], source: .read(source, to: 10)))
    #expect(try log.reader().event(2)?.receipt?.bytes == bytes)
  }

  @Test("A file that is read again from its beginning keeps what it has grown by")
  func readAgain() throws {
    let log = try TemporaryLog()
    let source = try log.addSource(log.path("gone.jsonl"))
    let lines = ["one", "two"].enumerated().map { place, text in
      EventBatch.Line(offset: Int64(4 * place), bytes: Array(text.utf8))
    }
    func event(_ place: Int) -> EventDraft {
      .sample("e\(place)") { $0.span = SourceSpan(offset: Int64(4 * place), length: 3) }
    }
    try log.commit(
      EventBatch(drafts: [event(0)], lines: [lines[0]], source: .read(source, to: 4)))
    try log.commit(
      EventBatch(drafts: [event(0), event(1)], lines: lines, source: .read(source, to: 8)))
    #expect(try log.reader().event(2)?.receipt?.bytes == Array("one".utf8))
    #expect(try log.reader().event(3)?.receipt?.bytes == Array("two".utf8))
  }

  @Test("An event from no file has no receipt")
  func noFile() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    #expect(try log.reader().event(2)?.receipt == nil)
    #expect(try log.reader().event(99) == nil)
  }
}
