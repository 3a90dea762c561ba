import FleetlogEvents
import Foundation

/// The files of the demo fleet.
final class DemoFolder {
  let path: String
  private var lastTimes: [String: Int64] = [:]

  /// - Parameter path: a folder that exists.
  init(_ path: String) { self.path = path }

  /// The folders to watch, one for each kind of agent.
  var transcripts: [String] {
    ["claude/projects", "codex/sessions", "gemini/tmp", "opencode", "docs/ops", "inbox"]
      .map(absolute)
  }

  /// Writes what happened up to now, as if the files had been written when it did.
  func writeHistory(of fleet: inout DemoFleet, until now: Int64) throws {
    try nameProjects()
    try fleet.advance(to: now) { try apply($0, at: $1) }
    for (file, time) in lastTimes {
      let date = Date(timeIntervalSince1970: Double(time) / 1000)
      try FileManager.default.setAttributes(
        [.modificationDate: date], ofItemAtPath: absolute(file))
    }
  }

  /// Gemini's files stand below a short name, which a registry explains.
  private func nameProjects() throws {
    let names = DemoScript.workers.filter { $0.agent == .gemini }.map {
      (key: "/home/dev/\($0.project)", value: JSON($0.project))
    }
    let registry: JSON = ["projects": JSON(names)]
    try append(Array(registry.text.utf8)[...], to: "gemini/projects.json")
  }

  /// - Parameters:
  ///   - time: ms since the Unix epoch.
  ///   - isTorn: whether a line is written in two pieces, as a writer's buffer would.
  ///   - pause: waits between the two pieces.
  func apply(
    _ change: DemoFleet.Change, at time: Int64, isTorn: Bool = false, pause: () -> Void = {}
  ) throws {
    switch change {
    case .append(let file, let line):
      lastTimes[file] = time
      let bytes = Array((line + "\n").utf8)
      let cut = isTorn ? bytes.count / 3 : 0
      if cut > 0 {
        try append(bytes[..<cut], to: file)
        pause()
      }
      try append(bytes[cut...], to: file)
    case .write(let file, let text):
      lastTimes[file] = time
      try makeFolder(of: file)
      try Data(text.utf8).write(to: URL(fileURLWithPath: absolute(file)))
    case .resume(let resumption):
      lastTimes[resumption.newPath] = time
      let records = try String(contentsOfFile: absolute(resumption.path), encoding: .utf8)
        .replacing(resumption.session, with: resumption.newSession)
      try append(Array(records.utf8)[...], to: resumption.newPath)
    }
  }

  private func absolute(_ file: String) -> String { path + "/" + file }

  private func makeFolder(of file: String) throws {
    try FileManager.default.createDirectory(
      atPath: (absolute(file) as NSString).deletingLastPathComponent,
      withIntermediateDirectories: true)
  }

  private func append(_ bytes: ArraySlice<UInt8>, to file: String) throws {
    let target = absolute(file)
    try makeFolder(of: file)
    let descriptor = open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    var rest = bytes
    while descriptor >= 0, !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    guard descriptor >= 0, rest.isEmpty else {
      throw Failure(
        "can't append to \(target): \(String(cString: strerror(errno))); free space there or name "
          + "another folder with --folder")
    }
  }
}
