import FleetlogEvents
import FleetlogTestSupport
import Testing

@Suite("The contract in an instruction file")
struct ContractSectionTests {
  private static let files = [
    "CLAUDE.md", "AGENTS_crlf.md", "GEMINI_bom.md", "no_final_newline.md",
    "blank_lines_at_end.md", "empty.md",
  ]

  private static func bytes(_ file: String) throws -> [UInt8] {
    try Fixtures.bytes("instructions/" + file)
  }

  @Test("It is added behind what is there, and taken out without a trace", arguments: files)
  func roundTrip(file: String) throws {
    let before = try Self.bytes(file)
    let after = try ContractSection.install(in: before)
    #expect(after.starts(with: before))
    #expect(String(decoding: after, as: UTF8.self).contains(EventBlock.begin))
    #expect(try ContractSection.version(in: after) == EventContract.version)
    #expect(try ContractSection.remove(from: after) == before)
  }

  @Test("Doing it twice changes nothing", arguments: files)
  func idempotent(file: String) throws {
    let before = try Self.bytes(file)
    let once = try ContractSection.install(in: before)
    #expect(try ContractSection.install(in: once) == once)
    #expect(try ContractSection.remove(from: before) == before)
  }

  @Test("It takes the file's way of ending lines", arguments: files)
  func lineEnds(file: String) throws {
    let before = try Self.bytes(file)
    let after = try ContractSection.install(in: before)
    let newlines = after.indices.filter { after[$0] == 0x0A }
    let isCRLF = before.contains(0x0D)
    #expect(newlines.allSatisfy { (after[$0 - 1] == 0x0D) == isCRLF })
    #expect((after.last == 0x0A) == (before.isEmpty || before.last == 0x0A))
  }

  @Test("An older version is replaced where it stands, with what was written around it kept")
  func renewed() throws {
    let start = Array("# Mine\n\n".utf8)
    let old = "<!-- FLEETLOG_CONTRACT_BEGIN version=0 joined=line -->\nold words\r\n\n"
    let end = Array("\nand more of mine".utf8)
    let file = start + Array((old + "<!-- FLEETLOG_CONTRACT_END -->").utf8) + end
    #expect(try ContractSection.version(in: file) == "0")
    let after = try ContractSection.install(in: file)
    #expect(after.starts(with: start) && after.suffix(end.count) == end[...])
    #expect(!String(decoding: after, as: UTF8.self).contains("old words"))
    #expect(try ContractSection.version(in: after) == EventContract.version)
    #expect(try ContractSection.remove(from: after) == Array("# Mine\nand more of mine".utf8))
  }

  @Test("What is written behind it later stays when it goes")
  func writtenLater() throws {
    for file in Self.files {
      let before = try Self.bytes(file)
      let later = Array("\nLater.\n".utf8)
      let after = try ContractSection.install(in: before) + later
      #expect(try ContractSection.remove(from: after) == before + later, "\(file)")
    }
  }

  @Test("A file that it made goes with it, unless something else was written there")
  func made() throws {
    let made = try ContractSection.install(in: nil)
    #expect(try ContractSection.remove(from: made) == nil)
    let mine = Array("mine\n".utf8)
    #expect(try ContractSection.remove(from: made + mine) == mine)
  }

  @Test(
    "Damaged marks are refused, and the reason says the line and what to mend",
    arguments: [
      ("a\n<!-- FLEETLOG_CONTRACT_BEGIN version=1 joined=line -->\ntext\n", "line 2"),
      ("a\ntext\n<!-- FLEETLOG_CONTRACT_END -->\n", "line 3"),
      (
        "<!-- FLEETLOG_CONTRACT_BEGIN version=1 -->\n<!-- FLEETLOG_CONTRACT_BEGIN version=1 -->\n"
          + "<!-- FLEETLOG_CONTRACT_END -->", "line 1"
      ),
      (
        "<!-- FLEETLOG_CONTRACT_BEGIN -->\n<!-- FLEETLOG_CONTRACT_END -->\n"
          + "<!-- FLEETLOG_CONTRACT_BEGIN -->\n<!-- FLEETLOG_CONTRACT_END -->\n", "line 3"
      ),
    ])
  func damaged(text: String, place: String) {
    for edit in [
      { _ = try ContractSection.install(in: $0) }, { _ = try ContractSection.remove(from: $0) },
    ] as [([UInt8]) throws -> Void] {
      #expect { try edit(Array(text.utf8)) } throws: { error in
        "\(error)".contains(place) && "\(error)".contains("run this again")
      }
    }
  }

  @Test("A carriage return before its newline stays with what it stood in")
  func carriageReturn() throws {
    for text in ["a\r", "a\nb\r", "a\r\nb\r", "\r", "a\r\n\n", "a\n\r\n"] {
      let before = Array(text.utf8)
      let after = try ContractSection.install(in: before)
      #expect(try ContractSection.install(in: after) == after)
      #expect(try ContractSection.remove(from: after) == before)
    }
  }

  @Test("A mark in the middle of a line is no mark, and what is no text is refused")
  func others() throws {
    let quoted = Array("see `<!-- FLEETLOG_CONTRACT_END -->` there\n".utf8)
    #expect(try ContractSection.version(in: quoted) == nil)
    for bytes in [[0xFF, 0xFE, 0x41, 0x00], [0x41, 0x00]] as [[UInt8]] {
      #expect(throws: ContractSection.Refusal.self) { try ContractSection.install(in: bytes) }
    }
  }
}
