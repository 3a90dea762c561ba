package import FleetlogClient
import FleetlogEvents

/// What a log is told of one run: that it began, and how it ended.
package final class RunRecord {
  private let route: EventRoute
  private let surroundings: RunEnvironment
  /// Whether the ids around this process are those of the log that is written to.
  private let knowsParent: Bool
  /// Names the run in every log.
  package let key = LoggedEvent.startedRun + Nonce.make()
  private(set) package var id: Int64?
  private(set) package var instanceID: String?
  private let role: String
  private var started: [UInt8] = []
  /// Lines that no log has confirmed yet: what is sent later brings them along.
  private var unconfirmed: [[UInt8]] = []

  package init(
    options: RunOptions, route: EventRoute, environment: [String: String]
  ) {
    self.route = route
    surroundings = RunEnvironment(environment)
    role = options.role
    let around = environment["FLEETLOG_DB"].map { LogPlaces.absolute($0) }
    knowsParent = around == nil || around == route.places.database
    let inherited = environment[RunEnvironment.ownInstance]
    instanceID =
      options.instance ?? surroundings.instanceID.flatMap { $0 == inherited ? nil : $0 }
  }

  /// The files of the run in the drop folder are called so.
  package var fileName: String { "run-" + key.suffix(12) }

  /// Tells that the run begins, and its parent that it has started one.
  ///
  /// - Parameter command: the words of the command.
  /// - Returns: false where the log will learn of it later.
  package func begin(command: [String], version: String) -> Bool {
    var payload = JSONObject()
    payload.set("version", version)
    payload.set("pid", Int(Process.own))
    payload.set("argv", command)
    payload.set("cwd", Host.folder)
    payload.set("host", Host.name)
    payload.set("process", ProcessMark.own?.json)
    var line = line("process.started", payload, summary: Self.words(command))
    line.set("run_key", key)
    line.set("instance_id", instanceID)
    line.set("role", role)
    line.set("parent_run_key", surroundings.parentRunKey)
    if knowsParent { line.set("parent_run_id", surroundings.parentRunID) }
    line.set("log_id", surroundings.logID)
    started = line.bytes
    unconfirmed = [started] + [spawned(command)].compactMap { $0 }
    return confirm(route.send(unconfirmed, name: fileName))
  }

  private static func words(_ command: [String]) -> String {
    "Started: " + command.joined(separator: " ").oneLine(limit: 200)
  }

  /// The parent's own word on it, in its run.
  private func spawned(_ command: [String]) -> [UInt8]? {
    guard knowsParent, surroundings.parentRunID != nil || surroundings.parentRunKey != nil else {
      return nil
    }
    var payload = JSONObject()
    payload.set("run_key", key)
    payload.set("role", role)
    payload.set("argv", command)
    var line = line(
      "worker.spawned", payload,
      summary: "Started a \(role): " + command.joined(separator: " ").oneLine(limit: 200))
    line.set("run_key", surroundings.parentRunKey)
    line.set("run_id", surroundings.parentRunID)
    line.set("log_id", surroundings.logID)
    var target = JSONObject()
    target.set("idempotency_key", key)
    var link = JSONObject()
    link.set("relation_type", "spawned")
    link.set("to", target)
    line.set("links", [link])
    return line.bytes
  }

  /// Tells how the command ended.
  package func end(_ ending: Ending) -> EventRoute.Sent {
    var lines = unconfirmed
    var payload = ending.payload
    // Whoever typed a command that is not there has been told; of a timer's or another run's nobody
    // would hear.
    if ending.failure != nil, ending.isShown, surroundings.parentRunID == nil,
      surroundings.parentRunKey == nil
    {
      payload.set("told_at_terminal", true)
    }
    if let signal = ending.signal, !ending.wasAsked {
      var payload = JSONObject()
      payload.set("signal", signal)
      payload.set("reason", "died by \(signal)")
      lines.append(own("worker.crashed", payload, summary: "Died by \(signal)"))
    }
    lines.append(own("process.exited", payload, summary: ending.summary))
    return route.send(lines, name: fileName)
  }

  /// Has what was told survive a power cut.
  package func settle() { route.settle() }

  private func own(_ type: String, _ payload: JSONObject, summary: String) -> [UInt8] {
    var line = line(type, payload, summary: summary)
    line.set("run_key", key)
    line.set("run_id", id)
    line.set("instance_id", instanceID)
    line.set("role", role)
    return line.bytes
  }

  private func line(_ type: String, _ payload: JSONObject, summary: String) -> JSONObject {
    var line = JSONObject()
    line.set("event_type", type)
    line.set("ts", Host.now)
    line.set("summary", summary)
    line.set("payload", payload)
    // A line may go more than one way; its key is what makes it one fact.
    line.set("idempotency_key", Nonce.make())
    return line
  }

  private func confirm(_ sent: EventRoute.Sent) -> Bool {
    guard case .answered(let answers) = sent,
      case .logged(let id, _, _, let instanceID, _)? = answers.first
    else { return false }
    self.id = id
    self.instanceID = instanceID
    unconfirmed = []
    return true
  }

  /// The first line of a file that keeps what the command writes.
  package func captureHeader(stream: String) -> [UInt8] {
    var object = JSONObject()
    object.set("fleetlog_capture", 1)
    object.set("stream", stream)
    object.set("run_key", key)
    object.set("run_id", id)
    object.set("instance_id", instanceID)
    object.set("role", role)
    // The run's own start stands here too: whichever is read first, it is told once.
    object.set("started", json: String(decoding: started, as: UTF8.self))
    return object.bytes + [0x0A]
  }

  /// What the command finds in its environment beside what this process has.
  package var childEnvironment: [String: String] {
    var variables = [
      RunEnvironment.runKey: key,
      RunEnvironment.runID: id.map { String($0) } ?? "",
      RunEnvironment.parentRunID: id.map { String($0) } ?? "",
      RunEnvironment.instanceID: instanceID ?? "",
      RunEnvironment.ownInstance: instanceID ?? "",
      RunEnvironment.logID: route.logID ?? (knowsParent ? surroundings.logID : nil) ?? "",
      "FLEETLOG_DB": route.places.database,
      "FLEETLOG_INBOX": route.places.inbox,
    ]
    if let url = route.serverURL { variables["FLEETLOG_URL"] = url }
    if let program = route.places.program { variables["FLEETLOG_PROGRAM"] = program }
    return variables
  }
}

/// How a command ended.
package struct Ending: Sendable {
  /// Nil where a signal ended it.
  package var code: Int?
  /// `SIGKILL`, …
  package var signal: String?
  /// Whether somebody had asked it to end: by a signal that was passed on, or at the terminal.
  package var wasAsked = false
  /// ms.
  package var duration: Int64
  /// Bytes, of the largest process among the command and those it waited for.
  package var peakMemory: Int64?
  /// ms of processor time.
  package var processorTime: Int64?
  /// Bytes that it wrote.
  package var outputBytes: Int64 = 0
  package var processID: Int32?
  /// Why it could not be started.
  package var failure: String?
  /// Whether that was said at a terminal.
  package var isShown = false
  /// Whether more was written than is kept.
  package var isCut = false

  var payload: JSONObject {
    var payload = JSONObject()
    payload.set("exit_code", code)
    payload.set("signal", signal)
    if wasAsked { payload.set("requested", true) }
    payload.set("error", failure)
    payload.set("duration_ms", duration)
    payload.set("peak_memory_bytes", peakMemory)
    payload.set("processor_ms", processorTime)
    payload.set("output_bytes", outputBytes)
    if isCut { payload.set("output_is_cut", true) }
    payload.set("child_pid", processID.map(Int.init))
    return payload
  }

  var summary: String {
    if let failure { return failure }
    let time = "\(Double(duration) / 1000) s"
    if let signal { return "Ended by \(signal) after \(time)" }
    return "Ended with status \(code ?? 0) after \(time)"
  }
}
