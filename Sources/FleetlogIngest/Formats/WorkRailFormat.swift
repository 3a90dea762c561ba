import FleetlogEvents

/// A segment of a WorkRail session's event log: what the engine recorded, one event a line.
///
/// Which segments count, and in which order, is for ``WorkRailManifests`` to say. The engine's own
/// `dedupeKey` and `eventId`, within the session, name a fact, so a segment may be copied or read
/// again. All events of a session belong to one run; a run of the engine inside it is named in the
/// payload.
package struct WorkRailFormat: TranscriptFormat {
  package static let name = "workrail"
  package static let parserVersion = 1

  private let file: TranscriptFile
  private var memory: Memory

  private struct Memory: Codable {
    var session: String?
    var lastTime: Int64?
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
  }

  package var state: String { ParserState.encode(memory) }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains {
      $0["eventIndex"]?.int != nil && $0["sessionId"]?.string != nil && $0["kind"]?.string != nil
        && ($0["eventId"] != nil || $0["dedupeKey"] != nil)
    }
  }

  static func run(of session: String) -> RunIdentity {
    RunIdentity(
      key: "run:workrail:" + session,
      instanceID: "workrail-" + session.trimmingPrefix("sess_").suffix(12), role: "worker",
      sessionID: session)
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard let kind = value["kind"]?.string, let session = value["sessionId"]?.label else {
      return output.skip(line, "an event without a kind or a session")
    }
    let own = value["timestampMs"]?.moment
    memory.lastTime = own ?? memory.lastTime
    var record = WorkRailRecord(
      value: value, kind: kind, session: session, line: line,
      ts: memory.lastTime ?? file.modifiedAt, cap: file.cap)
    if own == nil {
      record.timeSource = memory.lastTime == nil ? "file_mtime" : "previous_record"
    }
    if memory.session != session {
      memory.session = session
      if kind != "session_created" { output.drafts.append(record.started()) }
    }
    output.drafts += record.drafts()
  }
}
