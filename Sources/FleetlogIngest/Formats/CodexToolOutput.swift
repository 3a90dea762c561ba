import FleetlogEvents

/// What a tool's output says, in whichever of the shapes that builds have written: a string, a
/// string of JSON with `output` and `metadata`, parts of text, or an object.
///
/// No record says whether a call failed. The proof is an exit code, or the words that Codex itself
/// puts in front of an output; those of the command's own output prove nothing.
struct CodexToolOutput {
  private(set) var text = ""
  private(set) var exitCode: Int?
  private(set) var durationMS: Int?
  /// nil where the output does not tell.
  private(set) var isError: Bool?
  /// The operator said no; not an error.
  private(set) var isDenied = false
  private(set) var isInterrupted = false
  /// The name under which a long command goes on in the background.
  private(set) var handle: String?
  /// Codex blames its sandbox for the failure; any command that failed in one is said to be.
  private(set) var isSandboxFailure = false
  /// The thread that a spawning call started.
  private(set) var spawnedThread: String?
  private var hasHeader = false

  init(_ value: JSONValue?) {
    guard let value else { return }
    if let string = value.string {
      readText(string)
    } else if value.isArray {
      readText(CodexToolOutput.join(value))
    } else {
      readObject(value)
    }
  }

  private mutating func readText(_ string: String) {
    if string.hasPrefix("{"), let object = try? JSONDocument(string).root {
      spawnedThread = object["agent_id"]?.string
      if object["output"] != nil, object["metadata"] != nil { return readObject(object) }
    }
    text = string
    readHeader()
    readVerdict()
  }

  private mutating func readObject(_ object: JSONValue) {
    let body = object["output"] ?? object["content"]
    if let body {
      text = body.string ?? CodexToolOutput.join(body)
    } else {
      let streams = ["stdout", "stderr"].compactMap { object[$0]?.string }.filter { !$0.isEmpty }
      text = object["stdout"] == nil ? object.source : streams.joined(separator: "\n")
    }
    readVerdict()
    let metadata = object["metadata"]
    exitCode =
      metadata?["exit_code"]?.int ?? object["exit_code"]?.int ?? object["exitCode"]?.int ?? exitCode
    durationMS = CodexRecord.duration(metadata?["duration_seconds"]) ?? durationMS
    if let success = object["success"]?.bool { isError = !success }
    if let failed = object["isError"]?.bool { isError = failed }
    if let exitCode { isError = exitCode != 0 }
  }

  /// The lines that Codex writes above an output: `Exit code: 1`, `Wall time: 0.5 seconds`,
  /// `Process exited with code 1`, `Process running with session ID 7`.
  private mutating func readHeader() {
    let lines = PlainText.head(text).split(separator: "\n", omittingEmptySubsequences: false)
    let openings = ["Exit code: ", "Chunk ID: ", "Wall time: ", "Process exited with code "]
    guard let first = lines.first, openings.contains(where: first.hasPrefix) else { return }
    hasHeader = true
    for line in lines.prefix(8) {
      if line == "Output:" { break }
      if let code = CodexToolOutput.rest(line, ["Exit code: ", "Process exited with code "]) {
        exitCode = Int(code)
      } else if let time = CodexToolOutput.rest(line, ["Wall time: "]) {
        durationMS = time.split(separator: " ").first.flatMap { Double($0) }
          .flatMap { $0 >= 0 && $0 < 1e9 ? Int(($0 * 1000).rounded()) : nil }
      } else if let id = CodexToolOutput.rest(line, ["Process running with session ID "]) {
        handle = PlainText.line(id, limit: 40)
      }
    }
    if let exitCode { isError = exitCode != 0 }
  }

  private mutating func readVerdict() {
    guard text.utf8.count < 1 << 20 else { return }
    if text.hasPrefix("failed in sandbox") || text.hasPrefix("execution error:")
      || text.hasPrefix("exec_command failed")
    {
      isError = true
      isSandboxFailure = text.hasPrefix("failed in sandbox")
      let code = text.firstRange(of: "exit code: ").map { text[$0.upperBound...].prefix(5) }
      exitCode = code.flatMap { Int($0.prefix { $0.isNumber || $0 == "-" }) }
      return
    }
    guard text.utf8.count < 400 else { return }
    let words = text.trimmed.lowercased()
    isDenied = words.hasPrefix("rejected by user") || words.contains(" rejected by user")
    isInterrupted = words == "aborted" || words.hasPrefix("aborted by user")
    if words.hasPrefix("unsupported call:") || words.hasPrefix("failed to parse function arguments")
    {
      isError = true
    }
  }

  /// What a person should read first: what the command printed, not what Codex put above it.
  var telling: String {
    if hasHeader, let mark = text.firstRange(of: "\nOutput:\n") {
      return String(text[mark.upperBound...])
    }
    guard isSandboxFailure, let mark = text.firstRange(of: "stderr: ") else { return text }
    let printed = String(text[mark.upperBound...])
    return printed.trimmed.isEmpty ? "failed in the sandbox" : printed
  }

  private static func rest(_ line: Substring, _ prefixes: [String]) -> String? {
    prefixes.first(where: line.hasPrefix).map { String(line.dropFirst($0.count)).trimmed }
  }

  private static func join(_ value: JSONValue) -> String {
    guard value.isArray else { return value.source }
    return value.elements.map { part in
      part["text"]?.string ?? part.string ?? "[\(part["type"]?.string ?? "part without text")]"
    }.joined(separator: "\n")
  }
}
