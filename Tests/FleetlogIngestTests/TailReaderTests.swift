import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@Suite("Reading what was appended to a file")
struct TailReaderTests {
  private let file = "a.jsonl"

  // MARK: Lines

  @Test("Complete lines are delivered once, with their places")
  func lines() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, "one\n\ntwo\r\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["one", "two"])
      #expect(follower.lines.map(\.offset) == [0, 5])
      #expect(follower.lines.map(\.number) == [0, 2])
      try folder.append(file, "three\n")
      try follower.readToEnd(path)
      try follower.readToEnd(path)
      #expect(follower.texts == ["one", "two", "three"])
      #expect(follower.lines.last?.number == 3)
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("An unterminated last line waits for its newline, wherever it is torn")
  func tornLine() throws {
    try TemporaryFolder.with { folder in
      let line = Array("{\"text\":\"è😀\"}".utf8)
      for cut in 0...line.count {
        var follower = Follower()
        let path = try folder.write(file, Array("first\n".utf8) + line[..<cut])
        try follower.readToEnd(path)
        #expect(follower.texts == ["first"])
        #expect(follower.cursor?.offset == 6)
        try folder.append(file, line[cut...] + [0x0A])
        try follower.readToEnd(path)
        #expect(follower.lines.map(\.bytes) == [Array("first".utf8), line])
        #expect(follower.restarts == [.firstRead])
      }
    }
  }

  @Test("A byte order mark belongs to no line")
  func byteOrderMark() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      try follower.readToEnd(folder.write(file, [0xEF, 0xBB, 0xBF] + Array("{}\n{}\n".utf8)))
      #expect(follower.lines.map(\.offset) == [3, 6])
      #expect(follower.texts == ["{}", "{}"])
    }
  }

  @Test("An empty file is read and its first line comes when it comes")
  func emptyFile() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, "")
      #expect(try follower.takeTurn(path))
      #expect(follower.lines.isEmpty)
      try folder.append(file, "x\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["x"])
      #expect(follower.restarts == [.firstRead])
    }
  }

  // MARK: Long lines

  @Test("A line of exactly the limit is read, a longer one is skipped and reported once")
  func lineLimit() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(lineLimit: 100, chunkSize: 16), budget: 50)
      let fits = String(repeating: "f", count: 100)
      let path = try folder.write(
        file, "a\n\(fits)\n\(String(repeating: "x", count: 101))\nb\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["a", fits, "b"])
      #expect(follower.lines.map(\.number) == [0, 1, 3])
      #expect(follower.skipped.map(\.span) == [SourceSpan(offset: 103, length: 101)])
      #expect(follower.skipped.map(\.kind) == [.skipped])
      #expect(follower.skipped.first?.reason.contains("101 bytes") == true)
    }
  }

  @Test("A line that grows past the limit over many appends is reported once, when it ends")
  func growingPastLimit() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(lineLimit: 100, chunkSize: 32))
      let path = try folder.write(file, "a\n")
      for _ in 0..<30 {
        try folder.append(file, "0123456789")
        try follower.readToEnd(path)
      }
      #expect(follower.skipped.isEmpty)
      #expect(follower.cursor?.offset == 2)
      try folder.append(file, "\nb\n")
      try follower.readToEnd(path)
      #expect(follower.skipped.map(\.span) == [SourceSpan(offset: 2, length: 300)])
      #expect(follower.texts == ["a", "b"])
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("A long line that grows in small writes is scanned once and read once")
  func costOfTornLine() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(chunkSize: 4096))
      let piece = String(repeating: "p", count: 1000)
      let path = try folder.write(file, "")
      for _ in 0..<200 {
        try folder.append(file, piece)
        try follower.readToEnd(path)
      }
      #expect(follower.bytesRead == 200_000)
      try folder.append(file, "\n")
      try follower.readToEnd(path)
      #expect(follower.bytesRead == 400_001)
      #expect(follower.lines.map(\.bytes.count) == [200_000])
    }
  }

  @Test("An append costs what was appended, whatever the file holds")
  func costOfAppend() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, String(repeating: "0123456789abcde\n", count: 65_536))
      try follower.readToEnd(path)
      let before = follower.bytesRead
      try folder.append(file, "new\n")
      try follower.readToEnd(path)
      #expect(follower.bytesRead == before + 4)
    }
  }

  @Test("A line of 20 MB arrives whole in a turn with a smaller budget")
  func longLine() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let long = [UInt8](repeating: 0x78, count: 20 << 20)
      try follower.readToEnd(folder.write(file, long + [0x0A, 0x79, 0x0A]))
      #expect(follower.lines.map(\.bytes.count) == [long.count, 1])
      #expect(follower.skipped.isEmpty)
    }
  }

  @Test("A hole of a terabyte is passed without being read")
  func sparseFile() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(lineLimit: 1 << 20))
      let path = try folder.write(file, "a\n")
      let size: Int64 = 1 << 40
      try folder.truncate(file, to: size)
      try follower.readToEnd(path)
      #expect(follower.cursor?.offset == 2)
      try folder.append(file, "\nb\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["a", "b"])
      #expect(follower.skipped.map(\.span) == [SourceSpan(offset: 2, length: size - 2)])
      #expect(follower.bytesRead < 16 << 20)
    }
  }

  @Test("A run of NUL bytes is a line like any other, for the format to judge")
  func nulRun() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      try follower.readToEnd(folder.write(file, "a\n\0\0\0\0\nb\n"))
      #expect(follower.texts == ["a", "\0\0\0\0", "b"])
    }
  }

  // MARK: Turns

  @Test("A turn ends at its budget and the next goes on from there")
  func budget() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(chunkSize: 64), budget: 100)
      let path = try folder.write(file, String(repeating: "0123456789\n", count: 100))
      #expect(try !follower.takeTurn(path))
      let lineCutByChunks = 10
      #expect(follower.bytesRead == 100 + lineCutByChunks)
      #expect(follower.lines.count == 9)
      try follower.readToEnd(path)
      #expect(follower.lines.map(\.number) == Array(0..<100))
    }
  }

  @Test("A turn ends after so many lines, however short they are")
  func lineCount() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower(TailReader(linesPerTurn: 10))
      let path = try folder.write(file, String(repeating: "1\n", count: 95))
      for turn in 1...9 {
        #expect(try !follower.takeTurn(path))
        #expect(follower.lines.count == turn * 10)
      }
      #expect(try follower.takeTurn(path))
      #expect(follower.lines.map(\.number) == Array(0..<95))
    }
  }

  // MARK: Continuity

  @Test("A file that was cut in place is read anew")
  func shrunk() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, (0..<200).map { "line \($0)\n" }.joined())
      try follower.readToEnd(path)
      try folder.write(file, (150..<201).map { "line \($0)\n" }.joined())
      try follower.readToEnd(path)
      #expect(follower.restarts == [.firstRead, .shrunk])
      #expect(follower.texts == (150..<201).map { "line \($0)" })
    }
  }

  @Test("A file that was cut in place and has outgrown the cursor again is read anew")
  func rewritten() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, (0..<100).map { "line \($0)\n" }.joined())
      try follower.readToEnd(path)
      try folder.write(file, (50..<300).map { "line \($0)\n" }.joined())
      try follower.readToEnd(path)
      #expect(follower.restarts == [.firstRead, .rewritten])
      #expect(follower.texts == (50..<300).map { "line \($0)" })
    }
  }

  @Test("A rewrite of the same size is noticed")
  func sameSize() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, "aaaa\n")
      try follower.readToEnd(path)
      try folder.write(file, "bbbb\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["bbbb"])
      #expect(follower.restarts == [.firstRead, .rewritten])
    }
  }

  @Test("A renamed file goes on under its new name, and its successor begins anew")
  func rotation() throws {
    try TemporaryFolder.with { folder in
      var old = Follower()
      let path = try folder.write(file, "one\ntwo\nthr")
      try old.readToEnd(path)
      var new = old
      try folder.move(file, to: "a.jsonl.1")
      try folder.append("a.jsonl.1", "ee\n")
      try folder.write(file, "four\nfive\nsix\nseven\n")
      try old.readToEnd(folder.path("a.jsonl.1"))
      #expect(old.texts == ["one", "two", "three"])
      #expect(old.restarts == [.firstRead])
      try new.readToEnd(path)
      #expect(new.texts == ["four", "five", "six", "seven"])
      #expect(new.restarts == [.firstRead, .replaced])
    }
  }

  @Test("A copy of a file continues the cursor of the original")
  func copy() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      try follower.readToEnd(folder.write(file, "one\n"))
      try folder.copy(file, to: "b.jsonl")
      try folder.append("b.jsonl", "two\n")
      try follower.readToEnd(folder.path("b.jsonl"))
      #expect(follower.texts == ["one", "two"])
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("A torn line that is repaired costs no second reading of the file")
  func repairedTail() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, "one\n{\"torn")
      try follower.readToEnd(path)
      try folder.truncate(file, to: 4)
      try folder.append(file, "\n\ntwo\nthree\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["one", "two", "three"])
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("A torn line that vanishes leaves the cursor at its start")
  func vanishedTail() throws {
    try TemporaryFolder.with { folder in
      var follower = Follower()
      let path = try folder.write(file, "one\n{\"torn")
      try follower.readToEnd(path)
      try folder.truncate(file, to: 4)
      try follower.readToEnd(path)
      try folder.append(file, "2\n")
      try follower.readToEnd(path)
      #expect(follower.texts == ["one", "2"])
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("No line is lost when a file is rewritten while it is read")
  func rewrittenWhileRead() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      let (go, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      let rounds = 60
      let new = (0..<600).map { "the new line \($0)" }
      let newText = new.map { $0 + "\n" }.joined()
      Thread.detachNewThread {
        for round in 0..<rounds {
          go.wait()
          // Somewhere within the first turn.
          usleep(UInt32(round * 7))
          _ = try? folder.write("a.jsonl", newText)
          done.signal()
        }
      }
      for _ in 0..<rounds {
        try folder.write(file, (0..<500).map { "an old line \($0)\n" }.joined())
        var follower = Follower(TailReader(chunkSize: 64))
        go.signal()
        try follower.takeTurn(path)
        done.wait()
        try follower.readToEnd(path)
        #expect(follower.texts == new)
      }
    }
  }

  @Test("A cursor from a damaged database leads to a reading from the start, not to a crash")
  func unsoundCursor() throws {
    try TemporaryFolder.with { folder in
      let path = try folder.write(file, "one\n")
      let places: [(Int64, Int64)] = [(-5, 0), (3, 1), (.max, .max), (.min, .max)]
      for (offset, scannedTo) in places {
        var reader = TailReader()
        let first = try reader.read(path, from: nil)
        let cursor = Cursor(
          identity: first.next.identity, offset: offset, line: 1, anchor: 0, scannedTo: scannedTo,
          scanAnchor: 0)
        let batch = try reader.read(path, from: cursor)
        #expect(batch.lines.count == 1)
        #expect(batch.restart != nil)
      }
    }
  }

  // MARK: Errors

  @Test("A missing file is an error that says what was tried, where and why")
  func missing() throws {
    try TemporaryFolder.with { folder in
      var reader = TailReader()
      let path = folder.path("none.jsonl")
      let error = #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      #expect(error?.cause == .missing)
      #expect(error?.description.hasPrefix("can't open \(path.text): there is nothing") == true)
    }
  }

  @Test("What is not a regular file is refused and never waited for")
  func notAFile() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFIFO("fifo.jsonl")
      try folder.makeFolder("folder.jsonl")
      try folder.write(file, "x\n")
      try folder.makeLink("link.jsonl", to: file)
      var reader = TailReader()
      for name in ["fifo.jsonl", "folder.jsonl", "link.jsonl"] {
        let error = #expect(throws: ReadError.self) {
          try reader.read(folder.path(name), from: nil)
        }
        #expect(error?.cause == .notAFile)
      }
    }
  }

  @Test("A name that is not text is opened all the same")
  func nameInBytes() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path.appending([0x61, 0xFF, 0x0A] + Array(".jsonl".utf8))
      try folder.write(at: path, "x\n")
      var follower = Follower()
      try follower.readToEnd(FilePath(text: path.text))
      #expect(follower.texts == ["x"])
    }
  }
}
