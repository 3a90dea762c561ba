import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// Does at random what writers do to files, and compares after each full reading with the
/// plainest splitter there is.
@Suite("Reading a file that anything happens to")
struct TailReaderModelTests {
  /// `FLEETLOG_MODEL_RUNS` sets how many files are tried.
  private static let runs =
    ProcessInfo.processInfo.environment["FLEETLOG_MODEL_RUNS"].flatMap { Int($0) } ?? 540

  @Test(
    "After every reading, what was delivered are exactly the complete lines of the file",
    arguments: 0..<12)
  func model(_ suite: Int) throws {
    try TemporaryFolder.with { folder in
      for round in 0..<Self.runs / 12 {
        let seed = UInt64(suite * 100_000 + round)
        var run = try ModelRun(folder: folder, seed: seed)
        for step in 0..<20 {
          let action = try run.act()
          guard try run.isRight() else {
            Issue.record("seed \(seed), step \(step), after: \(action)")
            return
          }
        }
      }
    }
  }
}

private struct ModelRun {
  let folder: TemporaryFolder
  var random: SplitMix64
  var follower: Follower
  let limit: Int
  var name: String
  var generation = 0
  var content: [UInt8] = []

  init(folder: TemporaryFolder, seed: UInt64) throws {
    self.folder = folder
    random = SplitMix64(state: seed)
    name = "\(seed).jsonl"
    limit = Bool.random(using: &random) ? 700 : 40
    follower = Follower(
      TailReader(
        lineLimit: limit, chunkSize: [13, 64, 300, 1024].randomElement(using: &random) ?? 64,
        linesPerTurn: [1, 3, 1000].randomElement(using: &random) ?? 3),
      budget: [40, 300, 4096].randomElement(using: &random) ?? 100)
    try folder.write(name, "")
  }

  /// - Returns: what was done, for the report.
  mutating func act() throws -> String {
    let choice = Int.random(in: 0..<12, using: &random)
    switch choice {
    case 0: return try set(Array(content.prefix(Int.random(in: 0...content.count, using: &random))))
    case 1: return try set(bytes())
    case 2:
      // A runner that keeps the last lines of its own log.
      let newlines = content.indices.filter { content[$0] == 0x0A }
      let cut = newlines.isEmpty ? 0 : newlines[newlines.count / 2] + 1
      return try set(Array(content[cut...]) + bytes())
    case 3:
      generation += 1
      try folder.move(name, to: name + ".\(generation)")
      try set(bytes())
      return "rotate"
    case 4:
      try folder.copy(name, to: name + ".copy")
      try folder.move(name + ".copy", to: name)
      return "replace by a copy"
    case 5:
      follower.reader = TailReader(lineLimit: limit, chunkSize: 50)
      return "restart"
    case 6:
      _ = try follower.takeTurn(folder.path(name))
      return "a single turn"
    default:
      let piece = bytes()
      content += piece
      try folder.append(name, piece)
      return "append \(piece)"
    }
  }

  mutating func isRight() throws -> Bool {
    guard Int.random(in: 0..<3, using: &random) > 0 else { return true }
    try follower.readToEnd(folder.path(name))
    let expected = completeLines(of: content, limit: limit)
    return follower.lines.elementsEqual(expected, by: areSame)
      && follower.skipped.count
        == content.split(separator: 0x0A, omittingEmptySubsequences: false)
        .dropLast().count { $0.count > limit }
  }

  @discardableResult
  private mutating func set(_ bytes: [UInt8]) throws -> String {
    content = bytes
    try folder.write(name, bytes)
    return "set \(bytes)"
  }

  /// Lines, parts of lines and torn characters.
  private mutating func bytes() -> [UInt8] {
    let alphabet: [UInt8] = [0x0A, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF, 0xF0, 0x9F, 0x00]
    let mayBeLong = Int.random(in: 0..<4, using: &random) == 0
    return (0..<Int.random(in: 0...(mayBeLong ? 900 : 60), using: &random)).map { _ in
      let isPlain = Int.random(in: 0..<(mayBeLong ? 60 : 4), using: &random) > 0
      return isPlain
        ? UInt8.random(in: 0x30...0x7A, using: &random)
        : alphabet.randomElement(using: &random) ?? 0
    }
  }
}

private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
