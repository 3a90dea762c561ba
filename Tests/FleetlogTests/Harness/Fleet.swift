import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation

@testable import fleetlog

/// A folder of transcripts and a log beside it, as `fleetlog ingest` would see them. Both vanish
/// when the test's closure returns.
struct Fleet {
  let folder: TemporaryFolder
  let database: String

  static func with<Result>(_ body: (Fleet) throws -> Result) throws -> Result {
    try TemporaryFolder.with { home in
      try home.makeFolder("transcripts")
      let folder = TemporaryFolder(path: home.path.appending("transcripts"))
      return try body(Fleet(folder: folder, database: home.path.appending("log.db").text))
    }
  }

  var log: EventLog {
    // A page that its deadline cuts short would pass for the last one.
    get throws { try EventLog(path: database, deadline: 60_000) }
  }

  /// Reads everything once, as a process of its own would, and lets parsers say their last.
  @discardableResult
  func ingest(
    oldestFirst: Bool = false, cap: Int? = nil, exclusion: Exclusion = .none
  ) throws -> Pipeline.Progress {
    let writer = try Pipeline.create(database: database)
    let search = try SearchThread(database: database)
    let pipeline = Pipeline(
      writer: writer, cap: .sha256(limit: cap ?? TextCap.defaultLimit), search: search,
      exclusion: exclusion, clock: Clock.now)
    let files = FileLister().list([folder.path]).newestFirst
    for file in oldestFirst ? files.reversed() : files { pipeline.take(file) }
    while try pipeline.step() {}
    try pipeline.settle(quietSince: .max)
    try pipeline.judge()
    try search.finish()
    return pipeline.progress
  }

  /// Every event that a filter finds, oldest first.
  func events(_ change: (inout EventFilter) -> Void = { _ in }) throws -> [StoredEvent] {
    var filter = EventFilter()
    filter.sort = .oldest
    filter.limit = 500
    change(&filter)
    // A list that is shown to people may be partial on a busy machine; this one may not.
    let log = try log
    var events: [StoredEvent] = []
    while true {
      let page = try log.events(filter)
      events += page.rows.map(\.event)
      guard let next = page.next else { return events }
      filter.after = next
    }
  }

  func events(_ type: EventType) throws -> [StoredEvent] {
    try events { $0.types = [type.rawValue] }
  }

  /// What the log says, without the numbers that depend on the order of reading: compared to
  /// tell whether two logs are the same.
  func content() throws -> [String] {
    try events().map { event in
      [
        event.idempotencyKey ?? "", event.type.rawValue, String(event.ts), event.sourceKind,
        event.summary, event.payload ?? "",
      ].joined(separator: "|")
    }.sorted()
  }
}

/// Lines of a Claude Code transcript.
struct ClaudeLines {
  var session = "5e551011-0000-4000-8000-000000000001"
  private(set) var text = ""
  private var count = 0
  /// Minutes past noon of the next line.
  private var minute = 0

  init(session: String? = nil) {
    if let session { self.session = session }
  }

  static func with(_ build: (inout ClaudeLines) -> Void) -> ClaudeLines {
    var lines = ClaudeLines()
    build(&lines)
    return lines
  }

  mutating func prompt(_ text: String) { add("user", "\"content\":\(literal(text))") }

  mutating func say(_ text: String, message: String? = nil) {
    let content = "[{\"type\":\"text\",\"text\":\(literal(text))}]"
    assistant(content, message: message)
  }

  mutating func run(_ command: String, id: String) {
    let input = "{\"command\":\(literal(command))}"
    assistant(
      "[{\"type\":\"tool_use\",\"id\":\"\(id)\",\"name\":\"Bash\",\"input\":\(input)}]",
      message: nil)
  }

  mutating func result(_ output: String, id: String) { result(output, id, isError: false) }

  mutating func failure(_ output: String, id: String) { result(output, id, isError: true) }

  private mutating func result(_ output: String, _ id: String, isError: Bool) {
    let block =
      "{\"type\":\"tool_result\",\"tool_use_id\":\"\(id)\",\"content\":\(literal(output))"
      + (isError ? ",\"is_error\":true}" : "}")
    add("user", "\"content\":[\(block)]")
  }

  /// Adds a line as it stands.
  mutating func raw(_ line: String) { text += line + "\n" }

  private mutating func assistant(_ content: String, message: String?) {
    let id = message ?? "msg_\(count)"
    add(
      "assistant", request: id,
      "\"id\":\"\(id)\",\"model\":\"claude-test-1\",\"content\":\(content),\"stop_reason\":null,"
        + "\"usage\":{\"input_tokens\":10,\"output_tokens\":5}")
  }

  private mutating func add(_ type: String, request: String? = nil, _ message: String) {
    let request = request.map { "\"requestId\":\"req_\($0)\"," } ?? ""
    count += 1
    minute += 1
    let uuid = "00000000-0000-4000-8000-" + String(count + 1_000_000_000_00)
    let time = Timestamp.format(1_767_268_800_000 + Int64(minute) * 60_000)
    text +=
      "{\"type\":\"\(type)\",\"uuid\":\"\(uuid)\",\"sessionId\":\"\(session)\","
      + "\"timestamp\":\"\(time)\",\"cwd\":\"/home/dev/ledger\",\"version\":\"2.0.46\","
      + request + "\"message\":{\"role\":\"\(type)\",\(message)}}\n"
  }

  private func literal(_ text: String) -> String {
    String(JSONObject.array(of: [text]).dropFirst().dropLast())
  }
}

/// A file as the watcher would report it.
func change(_ path: FilePath) -> FileChange {
  FileChange(path: path, stamp: FileStamp.of(path))
}
