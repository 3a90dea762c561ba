import FleetlogClient
import FleetlogDerive
import FleetlogEvents
import FleetlogStore

/// Takes sessions out of the log for good, once it is told to.
enum ForgetCommand: Verb {
  static let name = "forget"
  static let operands = "SESSION|PROJECT"
  static let help = """
    Says what the log holds of a session, or of all sessions of a project, and with --yes removes it
    for good: events, full text, receipts and what was inferred. It does not come back when its
    transcript is read again, moved, copied or resumed. The transcript itself is not touched.
    """
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Option(name: "yes", value: nil, help: "removes; without it nothing is changed"),
    Thresholds.option,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard let word = arguments.positional.first, arguments.positional.count == 1 else {
      throw UsageError("it needs one session or project, as fleetlog sessions lists them")
    }
    let path = try CommonOptions.existingDatabase(arguments)
    let isJSON = arguments.has("json")
    guard arguments.has("yes") else {
      guard let summary = try ForgetSummary.of(word, inDatabase: path) else { throw unknown(word) }
      report(summary, nil, asJSON: isJSON)
      if let server = ServerNotice(ofLog: path) {
        Terminal.say(
          "fleetlog serve (process \(server.process)) writes to the log: until it is stopped, --yes is "
            + "refused")
      }
      return 0
    }
    let rules = try Thresholds.rules(arguments)
    let writer = try self.writer(path, rules)
    let now = Clock.now()
    let wasCutShort = try writer.isForgetting()
    let forgotten = try writer.forget(word, now: now)
    guard forgotten != nil || wasCutShort else { throw unknown(word) }
    if let judged = try writer.judgedUntil() { _ = try writer.judge(until: judged, now: now) }
    try writer.finishForgetting(index: try SearchIndex(database: path)) { Terminal.show($0) }
    Terminal.show("")
    guard let (summary, traces) = forgotten else {
      Terminal.print("finished what an earlier forget had begun")
      return 0
    }
    let found = try traces.search(database: path)
    report(summary, found, asJSON: isJSON)
    return found.found == 0 ? 0 : 1
  }

  private static func writer(_ path: String, _ rules: Synthesizer) throws -> EventWriter {
    do throws(StoreError) {
      return try Pipeline.create(database: path, rules: rules)
    } catch {
      guard case .writerBusy(let pid) = error.cause else { throw error }
      throw Failure(
        "can't forget while another fleetlog\(pid.map { " (process \($0))" } ?? "") writes to \(path): "
          + "stop it, forget, and start it again; it goes on where it was")
    }
  }

  private static func unknown(_ word: String) -> Failure {
    Failure(
      "the log has no session and no project \(word): fleetlog sessions lists both; what was "
        + "forgotten already is not listed")
  }

  private static func report(
    _ summary: ForgetSummary, _ found: ForgottenTraces.Report?, asJSON: Bool
  ) {
    if asJSON {
      var object = JSONObject()
      object.set("sessions", summary.sessions)
      object.set("events", summary.events)
      object.set("runs", summary.runs)
      object.set("links", summary.links)
      object.set("tombstones", summary.tombstones)
      object.set("text_bytes", summary.textBytes)
      object.set("receipts", summary.receipts)
      object.set("receipt_bytes", summary.receiptBytes)
      object.set("removed", found != nil)
      if let found {
        object.set("texts_looked_for", found.texts)
        object.set("texts_found", found.found)
        object.set("bytes_searched", found.bytes)
      }
      Terminal.print(object.bytes)
      return
    }
    Terminal.print(
      (found == nil ? "would forget " : "forgot ")
        + "\(Figures.plural(summary.sessions.count, "session")): "
        + "\(Figures.plural(summary.events, "event")) in \(Figures.plural(summary.runs, "run")) with "
        + "\(Figures.bytes(summary.textBytes)) of text, payloads and full text, "
        + "\(Figures.plural(summary.links, "link")), kept parts of their transcripts "
        + "(\(Figures.bytes(summary.receiptBytes)))")
    if summary.sessions.count > 1 {
      for session in summary.sessions { Terminal.print("  \(Terminal.safe(session))") }
    }
    if summary.tombstones > 0 {
      Terminal.print(
        "other sessions are linked with \(summary.tombstones) of the events: of these a place without "
          + "text stays")
    }
    guard let found else {
      Terminal.say("nothing is changed; --yes removes it for good")
      return
    }
    Terminal.print(
      "looked for \(found.texts) of the removed texts in \(Figures.bytes(found.bytes)) of "
        + "\(Figures.plural(found.files.count, "file")): "
        + (found.found == 0 ? "none is there" : "still there: \(found.found)"))
  }
}
