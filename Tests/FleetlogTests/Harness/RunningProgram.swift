import FleetlogTestSupport
import Foundation
import Testing

/// The built program, run as a process of its own.
final class RunningProgram {
  private let process = ChildProcess()
  private let output = Pipe()
  /// Without a name, so that nothing is left behind.
  private let errors: FileHandle?

  static var path: URL {
    let tests =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(
      "fleetlog")
  }

  /// The package's own folder, where the dashboard's files are.
  static var package: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
  }

  /// - Parameter launcher: a command that starts the program in surroundings of its own, such as
  ///   `setpriv` with its options; it gets the program and the arguments behind its own.
  init(
    _ arguments: [String], environment: [String: String] = [:], launcher: [String] = []
  ) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = launcher + [Self.path.path] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    errors = tmpfile().map { file in
      defer { fclose(file) }
      return FileHandle(
        fileDescriptor: fcntl(fileno(file), F_DUPFD_CLOEXEC, 0), closeOnDealloc: true)
    }
    process.standardError = errors ?? FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  /// The last that it said on stderr.
  var complaint: String {
    guard let errors, let end = try? errors.seekToEnd() else { return "" }
    try? errors.seek(toOffset: end > 2000 ? end - 2000 : 0)
    return String(decoding: (try? errors.readToEnd()) ?? Data(), as: UTF8.self)
  }

  deinit { if process.isRunning { process.terminate() } }

  /// The next line of its output; nil at the end.
  func line() -> String? {
    var bytes: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
      if byte == 0x0A { break }
      bytes.append(byte)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  var identifier: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end.
  func exitStatus() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: [String], launcher: [String] = [], environment: [String: String] = [:]
  ) throws -> Tool.Answer {
    try Tool.run(launcher + [path.path] + arguments, environment: environment)
  }
}

/// `fleetlog serve` over some folders.
final class RunningServer {
  let program: RunningProgram
  let url: String

  convenience init(folder: String, database: String, port: Int = 0) throws {
    try self.init(folders: [folder], database: database, port: port)
  }

  /// - Parameters:
  ///   - port: 0 takes a free one.
  ///   - options: further ones of `serve`.
  ///   - launcher: see ``RunningProgram``.
  init(
    folders: [String], database: String, port: Int = 0, options: [String] = [],
    launcher: [String] = []
  ) throws {
    program = try RunningProgram(
      ["serve"] + folders + [
        "--db", database, "--port", "\(port)", "--assets", RunningProgram.package.path,
      ] + options, launcher: launcher)
    let line = try #require(program.line(), "it did not start: \(program.complaint)")
    let start = try #require(line.range(of: "http"))
    url = String(line[start.lowerBound...].dropLast())
  }

  func get(_ path: String, headers: [String: String] = [:]) throws -> (status: Int, body: String) {
    var arguments = ["-s", "-m", "20", "-w", "\n%{http_code}", url + path]
    for (name, value) in headers { arguments += ["-H", "\(name): \(value)"] }
    return try curl(arguments)
  }

  func post(_ json: String, to path: String) throws -> (status: Int, body: String) {
    try curl([
      "-s", "-m", "20", "-w", "\n%{http_code}", "-H", "Content-Type: application/json",
      "--data-binary", json, url + path,
    ])
  }

  private func curl(_ arguments: [String]) throws -> (status: Int, body: String) {
    let process = ChildProcess()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["curl"] + arguments
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let mark = try #require(text.lastIndex(of: "\n"))
    return (Int(text[text.index(after: mark)...]) ?? 0, String(text[..<mark]))
  }

  /// Asks until the answer holds a text; gives up after a time that no machine should need.
  func wait(for text: String, at path: String) throws -> String {
    var body = ""
    for _ in 0..<1500 {
      body = try get(path).body
      if body.contains(text) { return body }
      Thread.sleep(forTimeInterval: 0.02)
    }
    Issue.record("\(path) never showed “\(text)”, but \(body.prefix(2000))")
    return body
  }

  func stop() -> Int32 {
    program.signal(SIGTERM)
    return program.exitStatus()
  }
}
