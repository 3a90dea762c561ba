import FleetlogTestSupport
import Foundation

/// A program that is run to its end, found by the `PATH`.
enum Tool {
  typealias Answer = (output: String, error: String, status: Int32)

  static func isInstalled(_ name: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { access("\($0)/\(name)", X_OK) == 0 }
  }

  static func run(_ words: [String], environment: [String: String] = [:]) throws -> Answer {
    let process = ChildProcess()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = output
    process.standardError = error
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let errorText = DispatchQueue(label: "stderr")
    // Written on the queue and read after `sync` has waited for it.
    nonisolated(unsafe) var errors = Data()
    errorText.async { errors = error.fileHandleForReading.readDataToEndOfFile() }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    errorText.sync {}
    return (
      String(decoding: text, as: UTF8.self), String(decoding: errors, as: UTF8.self),
      process.terminationStatus
    )
  }
}
