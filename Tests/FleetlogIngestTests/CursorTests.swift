import Testing

@testable import FleetlogIngest

@Suite("The cursor")
struct CursorTests {
  private let cursor = Cursor(
    identity: FileIdentity(device: -1, inode: .max), offset: 1 << 40, line: 12, anchor: .min,
    scannedTo: 1 << 41, scanAnchor: -7)

  @Test("A cursor comes back from storage as it was")
  func roundTrip() {
    #expect(Cursor(text: cursor.text) == cursor)
  }

  @Test(
    "Text that is no cursor is refused",
    arguments: ["", "1 2 3", "1 2 3 4 5 6 x", "1 2 3 4 5 6 7 8", "1 2 -3 4 5 6 7"])
  func refusal(_ text: String) {
    #expect(Cursor(text: text) == nil)
  }

  @Test("A cursor that no reading can have written is not sound")
  func soundness() {
    func altered(offset: Int64, line: Int, scannedTo: Int64) -> Cursor {
      Cursor(
        identity: cursor.identity, offset: offset, line: line, anchor: 0, scannedTo: scannedTo,
        scanAnchor: 0)
    }
    #expect(cursor.isSound)
    #expect(!altered(offset: -1, line: 0, scannedTo: 5).isSound)
    #expect(!altered(offset: 5, line: 0, scannedTo: 4).isSound)
    #expect(!altered(offset: 5, line: -1, scannedTo: 5).isSound)
  }

  @Test("An anchor is FNV-1a of its bytes")
  func anchor() {
    func hash(_ text: String) -> UInt64 {
      UInt64(bitPattern: Array(text.utf8).withUnsafeBytes { Anchor.of($0) })
    }
    #expect(hash("") == 0xcbf2_9ce4_8422_2325)
    #expect(hash("a") == 0xaf63_dc4c_8601_ec8c)
    #expect(hash("foobar") == 0x8594_4171_f739_67e8)
  }

  @Test("An anchor reaches back 256 bytes, or to the start of the file")
  func reach() {
    #expect(Anchor.length(at: 0) == 0)
    #expect(Anchor.length(at: 255) == 255)
    #expect(Anchor.length(at: 1 << 40) == 256)
  }
}
