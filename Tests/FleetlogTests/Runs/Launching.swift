import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// Shell scripts that call the program, in surroundings of their own: a home, a log, a drop folder.
struct Launching {
  let folder: TemporaryFolder

  static func with<Result>(_ body: (Launching) throws -> Result) throws -> Result {
    try TemporaryFolder.with { try body(Launching(folder: $0)) }
  }

  var database: String { folder.path("log.db").text }
  var runs: String { folder.path("inbox/runs").text }

  /// What a script finds around it; nothing of a run that the tests themselves may be in.
  private var environment: [String: String] {
    var variables = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("FLEETLOG_") && !["PARENT_RUN_ID", "INSTANCE_ID"].contains($0.key)
    }
    let programs = RunningProgram.path.deletingLastPathComponent().path
    variables["PATH"] = programs + ":" + (variables["PATH"] ?? "/usr/bin:/bin")
    variables["HOME"] = folder.path("").text
    variables["XDG_DATA_HOME"] = folder.path("data").text
    variables["FLEETLOG_DB"] = database
    return variables
  }

  struct Outcome {
    let output: Data
    let error: String
    let status: Int32
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// A script that runs on while the test goes on.
  ///
  /// Unchecked because its queues alone write what they read, and whoever looks has waited for them.
  final class Started: @unchecked Sendable {
    let process = ChildProcess()
    let (input, output, error) = (Pipe(), Pipe(), Pipe())
    private var bytes = Data()
    private var errors = Data()
    private let group = DispatchGroup()

    init(_ words: [String], environment: [String: String], folder: String) throws {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = words
      process.environment = environment
      process.currentDirectoryURL = URL(fileURLWithPath: folder)
      process.standardInput = input
      process.standardOutput = output
      process.standardError = error
      try process.run()
      DispatchQueue.global().async(group: group) { [self] in
        bytes = output.fileHandleForReading.readDataToEndOfFile()
      }
      DispatchQueue.global().async(group: group) { [self] in
        errors = error.fileHandleForReading.readDataToEndOfFile()
      }
    }

    func finish() -> Outcome {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
      group.wait()
      let died = process.terminationReason == .uncaughtSignal
      return Outcome(
        output: bytes, error: String(decoding: errors, as: UTF8.self),
        status: died ? 1000 + process.terminationStatus : process.terminationStatus)
    }
  }

  /// Signals are as a person's shell has them: the threads on which tests run block most.
  func start(_ script: String, _ variables: [String: String] = [:]) throws -> Started {
    try Started(
      ["--default-signal", "sh", "-c", script], environment: environment.merging(variables) { $1 },
      folder: folder.path("").text)
  }

  func shell(_ script: String, _ variables: [String: String] = [:]) throws -> Outcome {
    try start(script, variables).finish()
  }

  func serve() throws -> RunningServer {
    try RunningServer(folders: [folder.path("inbox").text], database: database)
  }

  /// The log's events, oldest first, as a script sees them.
  func events(_ filter: String = "") throws -> [[String: Any]] {
    let json = try shell("fleetlog events --json --limit 500 \(filter)").output
    let root = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let events = try #require(root["events"] as? [[String: Any]])
    return events.sorted { ($0["id"] as? Int ?? 0) < ($1["id"] as? Int ?? 0) }
  }

  func only(_ type: String, where holds: ([String: Any]) -> Bool = { _ in true }) throws
    -> [String: Any]
  {
    let found = try events("--type \(type)").filter(holds)
    try #require(found.count == 1, "\(found.count) events of type \(type)")
    return found[0]
  }

  /// Waits for a process to be in a state, as `/proc` names it: R and S are S here.
  ///
  /// - Returns: whether it came to that.
  func wait(for process: Int32, in state: Character) -> Bool {
    for _ in 0..<1500 {
      let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
      let now = stat.split(separator: ") ").last?.first
      if now == state || now == "R" && state == "S" { return true }
      Thread.sleep(forTimeInterval: 0.02)
    }
    return false
  }

  /// Waits for a file to hold a text.
  func wait(for name: String) throws -> String {
    let path = folder.path(name).text
    for _ in 0..<1500 {
      if let text = try? String(contentsOfFile: path, encoding: .utf8), text.hasSuffix("\n") {
        return text.trimmingCharacters(in: .newlines)
      }
      Thread.sleep(forTimeInterval: 0.02)
    }
    Issue.record("\(name) was never written")
    return ""
  }
}

extension [String: Any] {
  func int(_ key: String) -> Int? { self[key] as? Int }
  func text(_ key: String) -> String? { self[key] as? String }
  var payload: [String: Any] { self["payload_json"] as? [String: Any] ?? [:] }
}
