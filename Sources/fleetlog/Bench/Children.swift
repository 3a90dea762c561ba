import FleetlogThreads
import Foundation

/// What must not be left behind when the benchmark is broken off: its processes and its folder.
enum Children {
  private struct State {
    var running: Set<pid_t> = []
    var folder: String?
    var isBrokenOff = false
  }

  private static let state = Monitor(State())

  static func add(_ child: pid_t) { state.withLock { _ = $0.running.insert(child) } }

  static func remove(_ child: pid_t) { state.withLock { _ = $0.running.remove(child) } }

  /// Does not return where the benchmark is being broken off, which ends the children: that they
  /// failed is then nothing to tell.
  static func restIfBrokenOff() {
    while state.withLock({ $0.isBrokenOff }) { sleep(1) }
  }

  /// Runs `body` with a folder that is removed afterwards, however it ends.
  ///
  /// - Parameter parent: where the folder is made; nil for where temporary files stand.
  static func withFolder<Result>(in parent: String?, _ body: (String) throws -> Result) throws
    -> Result
  {
    let parent =
      parent ?? FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    let path = parent + "/fleetlog-bench-" + UUID().uuidString.lowercased()
    // Before the folder exists, so that a signal in between leaves nothing behind.
    Signals.block()
    _ = Signals.whenAsked {
      let children = state.withLock { state in
        state.isBrokenOff = true
        return state.running
      }
      for child in children { kill(child, SIGKILL) }
      if let folder = state.withLock({ $0.folder }) { remove(folder) }
      exit(130)
    }
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    state.withLock { $0.folder = path }
    defer { remove(path) }
    return try body(path)
  }

  /// Again where something was still being written.
  private static func remove(_ folder: String) {
    for _ in 0..<5 where FileManager.default.fileExists(atPath: folder) {
      try? FileManager.default.removeItem(atPath: folder)
    }
  }
}
