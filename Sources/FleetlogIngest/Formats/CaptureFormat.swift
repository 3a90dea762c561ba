import FleetlogEvents

/// What a program wrote that `fleetlog run` started: a line that names the run, then the bytes as
/// they came.
///
/// The header repeats the start of the run as it was logged, so whichever is read first tells it,
/// and the other is the same fact. What follows is a log like any program's, but of this run: see
/// ``LogFormat``. A session that an agent prints is a run of its own, a child of this one.
package struct CaptureFormat: TranscriptFormat {
  package static let name = "capture"
  package static let parserVersion = 1

  private let file: TranscriptFile
  private var header: Header?
  private var output: LogFormat?

  private struct Memory: Codable {
    let header: Header
    let output: String
  }

  /// What the first line says.
  private struct Header: Codable {
    let runKey: String
    /// The name that the log gave the run; empty where none could be asked.
    let instanceID: String
    let role: String
    let stream: String

    var run: RunIdentity {
      RunIdentity(key: runKey, instanceID: instanceID, role: role, sessionID: nil)
    }
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    guard let memory: Memory = ParserState.decode(state) else { return }
    open(memory.header, state: memory.output)
  }

  private mutating func open(_ header: Header, state: String?) {
    self.header = header
    output = LogFormat(
      file: TranscriptFile(
        path: file.path, modifiedAt: file.modifiedAt, cap: file.cap, run: header.run,
        stream: header.stream, isDropped: file.isDropped),
      state: state)
  }

  package var state: String {
    guard let header, let output else { return "" }
    return ParserState.encode(Memory(header: header, output: output.state))
  }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.lines.first??["fleetlog_capture"]?.int != nil
  }

  package var isHolding: Bool { output?.isHolding ?? false }

  package mutating func settle(into result: inout FormatOutput) {
    output?.settle(into: &result)
  }

  package mutating func read(_ line: RawLine, into result: inout FormatOutput) {
    if output == nil { return readHeader(line, into: &result) }
    output?.read(line, into: &result)
  }

  private mutating func readHeader(_ line: RawLine, into result: inout FormatOutput) {
    guard let value = result.parse(line) else { return }
    guard let key = value["run_key"]?.string, key.hasPrefix(LoggedEvent.startedRun),
      key.utf8.count <= 100
    else { return result.skip(line, "the first line names no run") }
    let header = Header(
      runKey: key, instanceID: value["instance_id"]?.string ?? "",
      role: value["role"]?.string ?? "", stream: value["stream"]?.string ?? "")
    open(header, state: nil)
    guard let started = value["started"], started["run_key"]?.string == key,
      started["event_type"]?.string == EventType.processStarted.rawValue
    else { return }
    let first = result.drafts.count
    var format = EventLogFormat(
      file: TranscriptFile(
        path: file.path, modifiedAt: file.modifiedAt, cap: file.cap, isDropped: file.isDropped),
      state: nil)
    format.read(
      RawLine(offset: line.offset, bytes: started.json, number: line.number), into: &result)
    for index in result.drafts.indices.dropFirst(first) {
      // The name that the log gave it holds in every other log as well.
      result.drafts[index].run = header.run
      result.drafts[index].span = line.span
    }
  }
}
