import FleetlogIngest
import Testing

@Suite("Paths that need not be text")
struct FilePathTests {
  @Test(
    "The text of a path gives its bytes back",
    arguments: [
      "/a/b.jsonl", "/ü/日本/😀", "", "/", "/a\\b", "/a\\x41", "/a\\\\x41", "/\\x5Cx41", "\\x",
      "/a\nb",
      "/\u{1B}[31m", "/\u{85}",
    ].map { Array($0.utf8) } + [
      [0x2F, 0xFF], [0x2F, 0xC3], [0x2F, 0x5C, 0xFF], [0xF0, 0x9F, 0x98, 0x2F, 0x80],
      [0xED, 0xA0, 0x80],
    ])
  func roundTrip(_ bytes: [UInt8]) {
    let path = FilePath(bytes: bytes)
    #expect(path.bytes == bytes)
    #expect(FilePath(text: path.text) == path)
  }

  @Test("A path that is text is shown as it is")
  func plainText() {
    #expect(FilePath("/home/zoë/a b.jsonl").text == "/home/zoë/a b.jsonl")
    #expect(FilePath("C:\\logs").text == "C:\\logs")
  }

  @Test("Bytes that can't be shown stand in hexadecimal, so that two names never look alike")
  func escapes() {
    #expect(FilePath(bytes: [0x61, 0xFF, 0x62]).text == "a\\xFFb")
    #expect(FilePath("a\\xFFb").text == "a\\x5CxFFb")
    #expect(FilePath("a\u{1B}]0;b\u{7}").text == "a\\x1B]0;b\\x07")
  }

  @Test("A path ends at a NUL, as it does for the kernel")
  func nul() {
    #expect(FilePath("/a\0/b") == FilePath("/a"))
    #expect(FilePath(text: "/a\\x00/b") == FilePath("/a"))
  }

  @Test("Folder, name and parent are what stands around the last slash")
  func parts() {
    let path = FilePath("/a/b.jsonl")
    #expect(path.parent == FilePath("/a"))
    #expect(Array(path.name) == Array("b.jsonl".utf8))
    #expect(FilePath("/a").parent == FilePath("/"))
    #expect(FilePath("/").parent == nil)
    #expect(FilePath("/").appending("a") == FilePath("/a"))
    #expect(FilePath("/a").appending("b.jsonl") == path)
  }

  @Test("A path is within its folder and not within one whose name only begins alike")
  func within() {
    #expect(FilePath("/a/b").isWithin(FilePath("/a")))
    #expect(FilePath("/a").isWithin(FilePath("/a")))
    #expect(FilePath("/a").isWithin(FilePath("/")))
    #expect(!FilePath("/ab").isWithin(FilePath("/a")))
    #expect(!FilePath("/a").isWithin(FilePath("/a/b")))
  }
}
