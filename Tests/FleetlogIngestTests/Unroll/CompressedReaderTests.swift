import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@testable import FleetlogIngest

@Suite("Unrolling a compressed log")
struct CompressedReaderTests {
  private let file = "a.jsonl.zst"
  private static let text = (0..<40_000).map {
    "line \($0) \(String(repeating: "é", count: $0 % 40))\n"
  }
  .joined()

  @Test("gives the lines of the plain file, at the same places, whatever the turns")
  func sameLines() throws {
    try TemporaryFolder.with { folder in
      var plain = UnrollFollower()
      _ = try plain.news(try folder.write("plain.jsonl", "\u{FEFF}one\r\n\n" + Self.text + "torn"))
      let path = try folder.write(
        file, ZstdArchive.of(("\u{FEFF}one\r\n\n" + Self.text + "torn").utf8))
      for budget in [1, 100_000, 4 << 20] {
        var follower = UnrollFollower(budget: budget)
        _ = try follower.news(path)
        #expect(follower.lines.map(\.bytes) == plain.lines.map(\.bytes))
        #expect(follower.lines.map(\.offset) == plain.lines.map(\.offset))
        #expect(follower.lines.map(\.number) == plain.lines.map(\.number))
        #expect(follower.turns > 1 || budget > 1 << 20)
        #expect(follower.restarts == [.firstRead])
      }
    }
  }

  @Test("goes on where it was left by another process, and nowhere in another archive")
  func restarts() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower(budget: 1)
      let path = try folder.write(file, ZstdArchive.of(Self.text.utf8))
      #expect(try !follower.takeTurn(path))
      #expect(follower.cursor?.isAtEnd(ofSize: 0) == false)
      follower.restart()
      _ = try follower.news(path)
      #expect(follower.lines.count == 40_000)
      try folder.write(file, ZstdArchive.of((Self.text + "more\n").utf8))
      #expect(try follower.news(path) == ["more"])
      try folder.write(file, ZstdArchive.of(("other\n" + Self.text).utf8))
      #expect(try follower.news(path).count == 40_001)
      try folder.write(file, ZstdArchive.of("short\n".utf8))
      #expect(try follower.news(path) == ["short"])
      // As long as the one before, line by line.
      try folder.write(file, ZstdArchive.of("other\n".utf8))
      #expect(try follower.news(path) == ["other"])
      #expect(follower.restarts == [.firstRead, .rewritten, .rewritten, .rewritten])
    }
  }

  @Test("is left alone while the plain file stands beside it")
  func sibling() throws {
    try TemporaryFolder.with { folder in
      let path = try folder.write(file, ZstdArchive.of("one\n".utf8))
      try folder.write("a.jsonl", "one\n")
      var reader = SourceReader()
      #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      try folder.remove("a.jsonl")
      var follower = UnrollFollower()
      #expect(try follower.news(path) == ["one"])
    }
  }

  @Test("that is torn gives what is whole of it, and says so")
  func torn() throws {
    try TemporaryFolder.with { folder in
      let whole = ZstdArchive.of(Self.text.utf8)
      let path = try folder.write(file, whole[..<(whole.count / 2)])
      var follower = UnrollFollower()
      let error = #expect(throws: ReadError.self) { try follower.news(path) }
      #expect(error?.detail.contains("not whole") ?? false)
      let count = follower.lines.count
      #expect((1..<40_000).contains(count))
      try folder.write(file, whole)
      #expect(try follower.news(path).count == 40_000 - count)
    }
  }

  @Test("that is none says so")
  func notZstd() throws {
    try TemporaryFolder.with { folder in
      for bytes in [
        Array("plain text\n".utf8), [0x28, 0xB5, 0x2F, 0xFD] + [UInt8](repeating: 0xFF, count: 99),
      ] {
        let path = try folder.write(file, bytes)
        var reader = SourceReader()
        #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      }
    }
  }

  @Test("that grows without end is refused, and too long a line skipped, without being held")
  func bomb() throws {
    try TemporaryFolder.with { folder in
      let bomb = [UInt8](repeating: 0x20, count: 1 << 20) + Array("\nlast\n".utf8)
      let path = try folder.write(file, ZstdArchive.of(bomb))
      var bounded = CompressedReader(lineLimit: 1000, totalLimit: 100_000)
      #expect(throws: ReadError.self) { try bounded.read(path, from: nil, budget: 1) }
      var skipping = CompressedReader(lineLimit: 1000)
      let batch = try skipping.read(path, from: nil, budget: 4 << 20)
      #expect(batch.lines.map(\.bytes) == [Array("last".utf8)])
      #expect(batch.skipped.map(\.span) == [SourceSpan(offset: 0, length: 1 << 20)])
    }
  }
}
