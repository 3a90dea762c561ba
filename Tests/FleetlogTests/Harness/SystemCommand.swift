import FleetlogTestSupport
import Foundation

/// Programs of the machine that a test needs nothing of but that they worked.
enum SystemCommand {
  /// - Returns: the exit status, -1 where the program could not be started.
  @discardableResult
  static func run(_ words: String...) -> Int32 { run(words) }

  @discardableResult
  static func run(_ words: [String]) -> Int32 {
    let process = ChildProcess()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
