import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// A repository that a test makes with git itself.
struct GitRepository {
  let folder: TemporaryFolder

  init(_ folder: TemporaryFolder, format: String = "sha1") throws {
    self.folder = folder
    try git("init", "-q", "-b", "main", "--object-format=\(format)")
  }

  /// Runs git as a person would, whatever the repository has it do.
  @discardableResult
  func git(_ arguments: String..., in place: String? = nil, mayFail: Bool = false) throws -> String
  {
    let process = ChildProcess()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: place ?? folder.path.text)
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path.text,
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
      "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
    ]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if !mayFail { #expect(process.terminationStatus == 0, "git \(arguments)") }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Commits everything there is, and says under which name.
  @discardableResult
  func commit(_ message: String = "change") throws -> String {
    try git("add", "-A")
    try git("commit", "-q", "--no-verify", "-m", message)
    return try git("rev-parse", "HEAD")
  }
}
