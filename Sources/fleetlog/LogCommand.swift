import FleetlogClient
import FleetlogDirect
import FleetlogEvents
import Foundation

/// Appends one event, or one for each line of its input.
enum LogCommand: Verb {
  static let name = "log"
  static let operands = "EVENT_TYPE"
  static let help = """
    Appends one event and prints its id, and “existing” where the same fact was there already.
    It goes through the log's server where one is up, else straight to the database. Where neither
    can be reached it waits in the drop folder without an id: the exit status is then 3. In a
    program that “fleetlog run” started it belongs to that run. EVENT_TYPE is one of the catalogue,
    which “fleetlog contract” lists, or any name with a dot in it. Outside of a
    run and without --instance it is logged as the operator's word.
    """
  static let options = [
    CommonOptions.database,
    Option(name: "summary", value: "TEXT", help: "one line, for people (else made of the payload)"),
    Option(name: "payload", value: "JSON", help: "an object with the type's details"),
    Option(name: "severity", value: "1-5", help: "1 is routine, 5 asks to act now"),
    Option(name: "confidence", value: "0-1", help: "how sure this is"),
    Option(name: "run", value: "ID", help: "the run it belongs to (default $FLEETLOG_RUN_ID)"),
    Option(
      name: "parent-run", value: "ID", help: "the run that spawned it (default $PARENT_RUN_ID)"),
    Option(name: "instance", value: "NAME", help: "who says it (default $INSTANCE_ID)"),
    Option(name: "role", value: "ROLE", help: "worker, supervisor, orchestrator, …"),
    Option(name: "session", value: "ID", help: "the session that it is about"),
    Option(name: "ts", value: "TIME", help: "when it happened (default now)"),
    Option(name: "tag", value: "TAG", help: "a tag", isRepeatable: true),
    Option(name: "dedupe-key", value: "KEY", help: "groups repeats of one condition"),
    Option(name: "idempotency-key", value: "KEY", help: "names the fact: it is written once"),
    Option(
      name: "resolves", value: "EVENT",
      help: "the number of an event that needs nobody any more by this one", isRepeatable: true),
    Option(name: "action-required", value: nil, help: "the operator must act"),
    Option(name: "risk", value: nil, help: "the operator should know of a risk"),
    Option(name: "attention", value: nil, help: "asks for the operator's attention"),
    Option(name: "lines", value: nil, help: "reads events from stdin, a JSON object a line"),
    Option(name: "direct", value: nil, help: "asks no server and drops nothing"),
    CommonOptions.inbox,
    CommonOptions.json,
  ]

  /// The event is safe, and has no id yet.
  static let droppedStatus: Int32 = 3

  static func run(_ arguments: Arguments) throws -> Int32 {
    let environment = LogPlaces.settings
    let places = LogPlaces(
      environment: environment, database: arguments.value("db"), inbox: arguments.value("inbox"))
    if arguments.has("lines") {
      guard arguments.positional.isEmpty else {
        throw UsageError("--lines takes the events' types from its input: leave EVENT_TYPE away")
      }
      return try logLines(arguments, places)
    }
    guard let type = arguments.positional.first, arguments.positional.count == 1 else {
      throw UsageError("it takes one EVENT_TYPE, such as progress or task.done")
    }
    let surroundings = RunEnvironment(environment)
    let line = try line(type, arguments, surroundings)
    // Who mistypes hears of it, and that is all: only what a program says is worth a record.
    if isOperators(arguments, surroundings), let refusal = refusal(of: line) {
      let refused = LogAnswer.refused(code: "refused", reason: refusal, id: nil)
      let status = print(refused, arguments)
      suggest(insteadOf: type)
      return status
    }
    switch try send([line], arguments, places) {
    case .answered(let answers):
      let status = print(answers.first, arguments)
      if status != 0 { suggest(insteadOf: type) }
      return status
    case .dropped(let file):
      if arguments.has("json") { Terminal.print(dropped(file).bytes) }
      Terminal.say("fleetlog log: no log can be reached: the event waits in \(file)")
      return droppedStatus
    case .lost: throw lost(places)
    }
  }

  private static func refusal(of line: [UInt8]) -> String? {
    guard let value = try? JSONDocument(line).root,
      case .failure(let refusal) = EventContract.admit(logged: value)
    else { return nil }
    return refusal.reason
  }

  private static func lost(_ places: LogPlaces) -> Failure {
    Failure(
      "the event is lost: neither the log \(places.database) nor the drop folder \(places.inbox) "
        + "can be written; name another with --db or --inbox")
  }

  private static func send(
    _ lines: [[UInt8]], _ arguments: Arguments, _ places: LogPlaces
  ) throws -> EventRoute.Sent {
    if arguments.has("direct") {
      return .answered(try DirectLog(database: places.database).write(lines))
    }
    return DirectLog.route(to: places).send(lines, name: "process-\(getpid())")
  }

  private static func print(_ answer: LogAnswer?, _ arguments: Arguments) -> Int32 {
    guard let answer else { return 1 }
    if arguments.has("json") { Terminal.print(answer.json.bytes) }
    switch answer {
    case .logged(let id, let isNew, _, _, let missing):
      if !arguments.has("json") { Terminal.print(isNew ? "\(id)" : "\(id) existing") }
      for event in missing {
        Terminal.say(
          "fleetlog log: there is no other event \(event) in the log, so \(id) resolves nothing by it: "
            + "log it again with the number that ends the address of the event that is meant")
      }
      return 0
    case .refused(_, let reason, _):
      Terminal.say("fleetlog log: refused: \(Terminal.safe(reason))")
      return 1
    }
  }

  private static func suggest(insteadOf type: String) {
    guard EventTypeCatalogue.entry(for: EventType(rawValue: type)) == nil, !type.contains(".")
    else {
      return
    }
    let names = Set(EventTypeCatalogue.entries.map(\.type.rawValue))
    let near = NearNames.of(type, among: names, limit: 8)
    Terminal.say(
      (near.isEmpty ? "" : "near it: \(near.joined(separator: ", ")); ")
        + "fleetlog contract lists the types, and any name with a dot in it is taken")
  }

  private static func dropped(_ file: String) -> JSONObject {
    var object = JSONObject()
    object.set("dropped", file)
    return object
  }

  // MARK: The event

  private static func line(
    _ type: String, _ arguments: Arguments, _ surroundings: RunEnvironment
  ) throws -> [UInt8] {
    var line = JSONObject()
    line.set("event_type", type)
    line.set("summary", arguments.value("summary"))
    if let text = arguments.value("payload") {
      guard let root = try? JSONDocument(text).root, root.isObject else {
        throw UsageError("--payload must be a JSON object, such as '{\"attempt\": 2}'")
      }
      line.set("payload", root)
    }
    line.set("severity", try arguments.int("severity", in: 1...5))
    if let text = arguments.value("confidence") {
      guard let number = Double(text), (0...1).contains(number) else {
        throw UsageError("--confidence takes a number from 0 to 1")
      }
      line.set("confidence", number)
    }
    if let text = arguments.value("ts") {
      guard let time = Int64(text) ?? Timestamp.parse(text) else {
        throw UsageError("--ts takes ISO 8601 or ms since 1970")
      }
      line.set("ts", time)
    } else {
      line.set("ts", Clock.now())
    }
    let run = try arguments.int("run", in: 1...Int.max)
    let parent = try arguments.int("parent-run", in: 1...Int.max)
    line.set("run_id", run.map(Int64.init) ?? surroundings.runID)
    if run == nil { line.set("run_key", surroundings.runKey) }
    let isOfRun = run != nil || surroundings.runID != nil || surroundings.runKey != nil
    line.set("parent_run_id", parent.map(Int64.init) ?? (isOfRun ? nil : surroundings.parentRunID))
    if run == nil, parent == nil { line.set("log_id", surroundings.logID) }
    // Of another run than the one around it, that one's name is not the emitter's.
    line.set(
      "instance_id", arguments.value("instance") ?? (run == nil ? surroundings.instanceID : nil))
    line.set("role", arguments.value("role"))
    if isOperators(arguments, surroundings) {
      line.set("instance_id", "operator")
      line.set("role", "operator")
      line.set("source_kind", SourceKind.operator.rawValue)
    }
    line.set("session_id", arguments.value("session"))
    if !arguments.values("tag").isEmpty { line.set("tags", arguments.values("tag")) }
    line.set("dedupe_key", arguments.value("dedupe-key"))
    line.set("idempotency_key", arguments.value("idempotency-key") ?? Nonce.make())
    let resolved = try arguments.values("resolves").map { text in
      guard let id = Int64(text), id > 0 else {
        throw UsageError(
          "\(arguments.called("resolves")) can't be \"\(text)\": it takes the number of an event, as "
            + "its address has it")
      }
      return id
    }
    if !resolved.isEmpty { line.set("links", resolved.map(Self.resolving)) }
    if arguments.has("action-required") { line.set("operator_action_required", true) }
    if arguments.has("risk") { line.set("risk_detected", true) }
    if arguments.has("attention") { line.set("attention_candidate", true) }
    return line.bytes
  }

  /// Whether an event is that of whoever sits at the terminal: outside of any run, and of nobody who is
  /// named.
  private static func isOperators(_ arguments: Arguments, _ surroundings: RunEnvironment) -> Bool {
    surroundings.runID == nil && surroundings.runKey == nil && surroundings.instanceID == nil
      && !arguments.has("run") && !arguments.has("instance") && !arguments.has("role")
  }

  private static func resolving(_ event: Int64) -> JSONObject {
    var target = JSONObject()
    target.set("event_id", event)
    var link = JSONObject()
    link.set("relation_type", "resolves")
    link.set("to", target)
    return link
  }

  // MARK: Lines

  /// Events that are sent together.
  private static let groupLines = 500

  private static func logLines(_ arguments: Arguments, _ places: LogPlaces) throws -> Int32 {
    var status: Int32 = 0
    var group: [[UInt8]] = []
    func flush() throws {
      guard !group.isEmpty else { return }
      defer { group = [] }
      switch try send(group, arguments, places) {
      case .answered(let answers):
        for answer in answers {
          Terminal.print(answer.json.bytes)
          if case .refused = answer, status == 0 { status = arguments.has("direct") ? 0 : 1 }
        }
      case .dropped(let file):
        for _ in group { Terminal.print(dropped(file).bytes) }
        status = droppedStatus
      case .lost: throw lost(places)
      }
    }
    while let line = readLine() {
      if line.trimmed.isEmpty { continue }
      group.append(Array(line.utf8))
      if group.count == groupLines { try flush() }
    }
    try flush()
    return status
  }
}
