import FleetlogTestSupport
import Glibc
import Testing

@testable import FleetlogRun

@Suite("Marks around an inner run's output")
struct NestedOutputTests {
  private static let mark = OutputMark(secret: "s3cret")

  /// What a splitter makes of bytes that come in parts of a size.
  private func split(_ bytes: [UInt8], by size: Int) -> (own: [UInt8], inner: [UInt8]) {
    var splitter = MarkSplitter(Self.mark)
    var (own, inner): ([UInt8], [UInt8]) = ([], [])
    func take(_ part: UnsafeRawBufferPointer, _ isInner: Bool) -> Bool {
      if isInner { inner += part } else { own += part }
      return true
    }
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<min(start + size, bytes.count)].withUnsafeBytes {
        _ = splitter.split($0, take)
      }
    }
    _ = splitter.flush(take)
    return (own, inner)
  }

  @Test(
    "are taken out whatever the parts in which the bytes come", arguments: [1, 2, 7, 64, 100_000])
  func parts(size: Int) {
    let own = Array("before \u{1B}[1mbold\u{1B}_x between ".utf8)
    let inner = Array("inner \u{1B}[0m \u{1B}_s3cret< text".utf8)
    let result = split(own + Self.mark.begin + inner + Self.mark.end + own, by: size)
    #expect(result.own == own + own)
    #expect(result.inner == inner)
  }

  @Test("and what only begins like one is passed on")
  func beginnings() {
    let bytes = Array("text \u{1B}_s3cr".utf8)
    #expect(split(bytes, by: 3).own == bytes)
    #expect(split([0x1B], by: 1).own == [0x1B])
  }

  @Test("are put only where the run around this one reads, not into a file or another's pipe")
  func readers() throws {
    var (ours, other): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    try #require(pipe(&ours) == 0 && pipe(&other) == 0)
    defer { for end in ours + other { close(end) } }
    let place = try #require(OutputMark.place(of: ours[1]))
    let environment = [OutputMark.variable: "s3cret;1:2;" + place]
    #expect(OutputMark(for: ours[1], environment: environment)?.begin == Self.mark.begin)
    #expect(OutputMark(for: other[1], environment: environment) == nil)
    #expect(OutputMark(for: ours[1], environment: [:]) == nil)
  }
}

@Suite("The words of fleetlog run")
struct RunOptionsTests {
  @Test("the command begins behind -- or at the first word that is no option")
  func command() throws {
    #expect(try RunOptions(["--role", "x", "--", "--help"], environment: [:]).command == 3)
    #expect(try RunOptions(["ls", "--role"], environment: [:]).command == 0)
    #expect(try RunOptions(["--role=x", "ls"], environment: [:]).role == "x")
  }

  @Test("options have twins in the environment")
  func twins() throws {
    let options = try RunOptions(
      ["ls"], environment: ["FLEETLOG_ROLE": "reviewer", "FLEETLOG_CAPTURE": "10"])
    #expect(options.role == "reviewer")
    #expect(options.captureLimit == 10)
  }

  @Test(
    "what is not understood is refused",
    arguments: [[], ["--"], ["-x", "ls"], ["--capture", "many", "ls"]])
  func misuse(words: [String]) {
    #expect(throws: RunOptions.Misuse.self) { try RunOptions(words, environment: [:]) }
  }
}
