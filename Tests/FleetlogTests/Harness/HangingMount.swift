import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// A folder mounted at another place by a process that can be stopped, so that the mount hangs as
/// one does whose server is gone.
final class HangingMount {
  private let process = ChildProcess()
  private let place: String

  /// Mounting takes more than being root: containers often may not.
  static let isPossible: Bool = {
    let script = "bindfs -f /mnt /mnt & sleep 1; umount /mnt && wait"
    return FileManager.default.fileExists(atPath: "/dev/fuse")
      && SystemCommand.run("unshare", "--mount", "sh", "-c", script) == 0
  }()

  init(of folder: FilePath, at place: FilePath) throws {
    self.place = place.text
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["bindfs", "-f", folder.text, place.text]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<500 where !isMounted { usleep(20_000) }
    try #require(isMounted)
  }

  private var isMounted: Bool {
    (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8))?
      .contains(" \(place) ") ?? false
  }

  func hang() { kill(process.processIdentifier, SIGSTOP) }

  func answer() { kill(process.processIdentifier, SIGCONT) }

  func end() {
    answer()
    if isMounted { SystemCommand.run("umount", "--lazy", place) }
    process.terminate()
    process.waitUntilExit()
  }
}
