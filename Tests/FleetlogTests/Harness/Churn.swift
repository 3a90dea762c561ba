import FleetlogIngest
import FleetlogTestSupport
import Foundation

@testable import fleetlog

/// Writes a demo fleet's transcripts as agents, runners, backups and rotation do between them: in
/// torn pieces, renamed, rotated, copied, cut in place, truncated, deleted.
///
/// Nothing is destroyed before it was read, and what is destroyed is kept in ``history``; so the
/// live files and the history together hold everything that a reader has to know.
struct Churn {
  let live: TemporaryFolder
  let history: TemporaryFolder
  private var random: DemoRandom
  private var script: ArraySlice<(path: String, bytes: [UInt8])>
  /// The present name of each transcript, by the name that its agent gave it.
  private var names: [String: String] = [:]
  /// The rest of lines of which a part has been written.
  private var torn: [String: [UInt8]] = [:]
  private var count = 0
  /// When each file began to be what it is.
  private var births: [FilePath: Int] = [:]

  static let start: Int64 = 1_772_535_600_000

  init(live: TemporaryFolder, history: TemporaryFolder, seed: UInt64) throws {
    self.live = live
    self.history = history
    random = DemoRandom(seed: seed, "churn")
    script = Self.script(seed: seed)[...]
  }

  /// Lines and resumed transcripts in the order in which the fleet writes them.
  private static func script(seed: UInt64) -> [(path: String, bytes: [UInt8])] {
    var fleet = DemoFleet(seed: seed, start: start)
    var whole: [String: String] = [:]
    var script: [(path: String, bytes: [UInt8])] = []
    fleet.advance(to: start) { change, _ in
      let written: (path: String, text: String)? =
        switch change {
        case .append(let path, let line): (path, line + "\n")
        // A document is no log that could be cut, rotated or torn.
        case .write: nil
        case .resume(let resumption):
          (
            resumption.newPath,
            (whole[resumption.path] ?? "").replacing(
              resumption.session, with: resumption.newSession)
          )
        }
      guard let (path, text) = written else { return }
      whole[path, default: ""] += text
      script.append((path, Array(text.utf8)))
    }
    return script
  }

  var stepsLeft: Int { script.count }

  /// Every file of the live folder and the history, in the order in which an undisturbed reader
  /// would have met them. What a line comes to may depend on the lines before it; where those were
  /// cut away, on who was read first.
  var inOrderOfBirth: [FilePath] { births.sorted { $0.value < $1.value }.map(\.key) }

  /// Microseconds to wait.
  mutating func pause(upTo most: Int) -> UInt32 { UInt32(random.int(0...most)) }

  /// Does the next thing.
  ///
  /// - Parameter isRead: whether everything in a file has been taken in, waiting for it if there
  ///   is anything to wait for; what has not been is not destroyed.
  /// - Returns: what was done, for a report.
  mutating func step(isRead: (FilePath) throws -> Bool) throws -> String {
    count += 1
    let transcripts = names.keys.filter { $0.hasSuffix(".jsonl") }.sorted()
    guard random.chance(0.1), let file = transcripts.randomElement(using: &random),
      let name = names[file]
    else { return try append() }
    switch random.int(0...9) {
    case 0, 1: return try rename(file, name, to: "moved/\(count)/\(file)")
    case 2, 3: return try rotate(file, name)
    case 4:
      let other = "copies/\(count)/\(file)"
      try copy(name, in: live, to: other)
      births[live.path(other)] = count
      try keepBusy(other)
      return "copy \(name)"
    default:
      guard try isRead(live.path(name)) else { return "leave \(name)" }
      return try destroy(file, name)
    }
  }

  /// Writes every line that was begun to its end.
  mutating func finish() throws {
    for (file, rest) in torn.sorted(by: { $0.key < $1.key }) { try write(rest, to: file) }
    torn = [:]
  }

  private mutating func append() throws -> String {
    guard let (file, bytes) = script.popFirst() else { return "nothing" }
    var rest = (torn.removeValue(forKey: file) ?? []) + bytes
    var pieces = random.int(0...3)
    while pieces > 0, rest.count > 1 {
      let cut = random.int(1...rest.count - 1)
      try write(Array(rest[..<cut]), to: file)
      rest = Array(rest[cut...])
      pieces -= 1
    }
    if random.chance(0.2), rest.count > 1 {
      torn[file] = rest
    } else {
      try write(rest, to: file)
    }
    return "append to \(file)"
  }

  private mutating func write(_ bytes: [UInt8], to file: String) throws {
    let name = names[file] ?? file
    names[file] = name
    try live.makeFolder((name as NSString).deletingLastPathComponent)
    try live.append(name, bytes)
    if births[live.path(name)] == nil { births[live.path(name)] = count }
    try keepBusy(name)
  }

  /// Lets a file pass for one that is being written, however long the test takes: what its parser
  /// holds back is not to be written in the middle of a message.
  private func keepBusy(_ name: String) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 3600)], ofItemAtPath: live.path(name).text)
  }

  private mutating func rename(_ file: String, _ name: String, to other: String) throws -> String {
    try live.makeFolder((other as NSString).deletingLastPathComponent)
    try live.move(name, to: other)
    births[live.path(other)] = births.removeValue(forKey: live.path(name))
    names[file] = other
    return "rename \(name) to \(other)"
  }

  /// The file keeps its content under another name, and what follows begins a new one.
  private mutating func rotate(_ file: String, _ name: String) throws -> String {
    _ = try rename(file, name, to: "rotated/\(count)/\(file)")
    names[file] = nil
    return "rotate \(name)"
  }

  private mutating func destroy(_ file: String, _ name: String) throws -> String {
    let way = random.int(0...4)
    // A file that keeps everything goes on as if nothing had happened.
    guard let kept = try tail(of: name, lines: random.int(1...6)) else { return "leave \(name)" }
    try copy(name, in: history, to: "\(count)/\(file)")
    births[history.path("\(count)/\(file)")] = births.removeValue(forKey: live.path(name))
    switch way {
    case 0:
      try live.remove(name)
      names[file] = nil
      return "delete \(name)"
    case 1:
      try live.write(name, "")
      births[live.path(name)] = count
      return "truncate \(name)"
    default:
      let cut = random.int(0...kept.count)
      try live.write(name, kept[..<cut])
      try live.append(name, kept[cut...])
      births[live.path(name)] = count
      try keepBusy(name)
      return "cut \(name) to \(kept.count) bytes"
    }
  }

  /// The last complete lines of a file and what stands behind them; nil where that is all of it.
  private func tail(of name: String, lines: Int) throws -> [UInt8]? {
    let bytes = try self.bytes(of: name)
    let ends = bytes.indices.filter { bytes[$0] == 0x0A }
    guard ends.count > lines else { return nil }
    return Array(bytes[(ends[ends.count - 1 - lines] + 1)...])
  }

  private func copy(_ name: String, in folder: TemporaryFolder, to other: String) throws {
    try folder.makeFolder((other as NSString).deletingLastPathComponent)
    try folder.write(other, bytes(of: name))
  }

  private func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: live.path(name).text)))
  }
}
