import FleetlogTestSupport
import Testing

@testable import FleetlogIngest

@Suite("Splitting bytes into lines")
struct LineSplitterTests {
  private func lines(
    _ chunks: [String], lineStart: Int64 = 0, number: Int = 0
  ) -> [LineSplitter.Line] {
    var splitter = LineSplitter(lineStart: lineStart, number: number)
    var lines: [LineSplitter.Line] = []
    var offset = lineStart
    for chunk in chunks {
      Array(chunk.utf8).withUnsafeBytes { bytes in
        var scanned = 0
        while let line = splitter.next(in: bytes, at: offset, scanned: &scanned) {
          lines.append(line)
        }
      }
      offset += Int64(chunk.utf8.count)
    }
    return lines
  }

  private func content(_ text: [UInt8], start: Int64 = 0) -> RawLine? {
    let line = LineSplitter.Line(start: start, end: start + Int64(text.count), number: 7)
    let borrowed = text.withUnsafeBytes { RawLine(line, in: $0[...]) }
    let owned = RawLine(line, owning: text)
    #expect(borrowed?.bytes == owned?.bytes && borrowed?.offset == owned?.offset)
    return owned
  }

  @Test("A line ends at its newline and the next begins behind it")
  func places() {
    #expect(
      lines(["a\nbc\n"]) == [
        LineSplitter.Line(start: 0, end: 1, number: 0),
        LineSplitter.Line(start: 2, end: 4, number: 1),
      ])
  }

  @Test(
    "A line is found whole however the chunks cut it",
    arguments: [["ab\ncd\n"], ["a", "b\ncd", "\n"], ["ab", "\n", "", "c", "d", "\n"]])
  func chunks(_ chunks: [String]) {
    #expect(lines(chunks) == lines(["ab\ncd\n"]))
  }

  @Test("Bytes without a newline are no line")
  func unterminated() {
    #expect(lines(["abc"]).isEmpty)
    #expect(lines([]).isEmpty)
  }

  @Test("Blank lines count in the numbering")
  func numbering() {
    #expect(lines(["\n\nx\n"], lineStart: 100, number: 5).map(\.number) == [5, 6, 7])
  }

  @Test("One carriage return at the end is dropped, and only one")
  func carriageReturn() {
    #expect(content(Array("ab\r".utf8))?.bytes == Array("ab".utf8))
    #expect(content(Array("ab\r\r".utf8))?.bytes == Array("ab\r".utf8))
    #expect(content(Array("a\rb".utf8))?.bytes == Array("a\rb".utf8))
  }

  @Test("A byte order mark is dropped at the start of the file and kept elsewhere")
  func byteOrderMark() {
    let marked: [UInt8] = [0xEF, 0xBB, 0xBF, 0x7B]
    #expect(content(marked)?.bytes == [0x7B])
    #expect(content(marked)?.offset == 3)
    #expect(content(marked, start: 10)?.bytes == marked)
    #expect(content([0xEF, 0xBB, 0xBF]) == nil)
  }

  @Test("Lines of blanks alone are passed over", arguments: ["", "\r", "  ", "\t \r\r"])
  func blank(_ text: String) {
    #expect(content(Array(text.utf8)) == nil)
  }

  @Test("NUL bytes are content, so that they can be reported")
  func nul() {
    #expect(content([0, 0, 0])?.bytes == [0, 0, 0])
  }
}
