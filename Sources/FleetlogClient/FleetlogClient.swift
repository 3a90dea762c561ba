import FleetlogEvents
import Glibc

/// Logs events to Fleetlog.
///
///     let log = FleetlogClient()
///     let run = log.startRun(role: "worker", version: "1.4")
///     run.log("progress", summary: "Half of the files are converted", payload: ["done": 120])
///     run.end()
///
/// Where the log is, and which run this process is part of, stands in the environment; a program
/// started by `fleetlog run` needs nothing else. An event goes to the log's server over loopback
/// where one is up, else straight to the database by way of the `fleetlog` program, else into the
/// drop folder, where it waits for the next server. Each call returns when the event is safe in one
/// of these; none throws, since a program that can't log should do its work all the same.
public struct FleetlogClient: Sendable {
  let route: EventRoute
  let surroundings: RunEnvironment

  /// A client of the log that the environment names.
  ///
  /// - Parameters:
  ///   - environment: that of the process, unless another is given.
  ///   - database: the log's file, where the environment (`FLEETLOG_DB`) does not name it.
  public init(environment: [String: String]? = nil, database: String? = nil) {
    let environment = environment ?? LogPlaces.settings
    route = EventRoute(places: LogPlaces(environment: environment, database: database))
    surroundings = RunEnvironment(environment)
  }

  /// What became of an event.
  public enum Logged: Sendable, Equatable {
    /// In the log under this id. `isNew` is false where the same fact was there already.
    case stored(id: Int64, isNew: Bool, runID: Int64, instanceID: String)
    /// In this file until a server reads it: no server and no database could be reached.
    case dropped(file: String)
    /// Refused by the log, which says why.
    case refused(reason: String)
    /// Nowhere: nothing could be reached or written.
    case lost

    /// The event's id, where it has one.
    public var id: Int64? {
      if case .stored(let id, _, _, _) = self { id } else { nil }
    }
  }

  /// Further columns of an event, all of them optional.
  public struct Details: Sendable {
    /// One line, for people; written from type and payload where it is missing.
    public var summary: String?
    /// 1 (routine) to 5 (act now).
    public var severity: Int?
    /// 0 to 1.
    public var confidence: Double?
    /// Whether the operator must act.
    public var operatorActionRequired: Bool?
    /// Whether the operator should know of a risk.
    public var riskDetected: Bool?
    /// Words by which the event is found.
    public var tags: [String] = []
    /// The session that the event is about.
    public var sessionID: String?
    /// Groups repeats of one condition.
    public var dedupeKey: String?
    /// Names the fact: with the same key it is written once.
    public var idempotencyKey: String?
    /// ms since the Unix epoch; now, where it is missing.
    public var time: Int64?

    /// Nothing further but what is set afterwards.
    public init(summary: String? = nil) { self.summary = summary }
  }

  /// Logs one event. This is the operation that every way of logging comes down to.
  ///
  /// - Parameters:
  ///   - runID: the run that it belongs to: the id of its `process.started`.
  ///   - parentRunID: the run that spawned the emitter.
  ///   - instanceID: the emitter's long-lived name.
  ///   - role: `orchestrator`, `supervisor`, `worker`, `subagent`, …
  ///   - eventType: a type of the catalogue, or any dotted name.
  ///   - payload: what the type says of the event.
  ///   - details: further columns.
  @discardableResult
  public func logEvent(
    runID: Int64? = nil, parentRunID: Int64? = nil, instanceID: String? = nil,
    role: String? = nil, eventType: String, payload: [String: EventValue] = [:],
    details: Details = Details()
  ) -> Logged {
    var line = EventLine(eventType, payload, details)
    line.object.set("run_id", runID)
    line.object.set("parent_run_id", parentRunID)
    line.object.set("instance_id", instanceID)
    line.object.set("role", role)
    if let log = surroundings.logID, runID == nil || runID == surroundings.runID {
      line.object.set("log_id", log)
    }
    return send([line.object.bytes], name: instanceID ?? "process-\(getpid())").last ?? .lost
  }

  /// The run that this process is: the one that `fleetlog run` began, else a new one.
  ///
  /// - Parameters:
  ///   - role: `supervisor`, `worker`, or what else the run does.
  ///   - instance: the run's name, where `INSTANCE_ID` does not say it; else one is made up.
  ///   - version: of the program.
  ///   - facts: what else is known of the program from the start.
  public func startRun(
    role: String = "worker", instance: String? = nil, version: String? = nil,
    facts: [String: EventValue] = [:]
  ) -> Run {
    if surroundings.runID != nil || surroundings.runKey != nil {
      return Run(
        client: self, key: surroundings.runKey, id: surroundings.runID,
        instanceID: surroundings.instanceID, role: nil, unconfirmed: nil)
    }
    let key = LoggedEvent.startedRun + Nonce.make()
    var payload = facts
    payload["version"] = version.map(EventValue.text)
    payload["pid"] = .integer(Int(getpid()))
    payload["argv"] = .list(CommandLine.arguments.map(EventValue.text))
    payload["cwd"] = Host.folder.map(EventValue.text)
    payload["host"] = Host.name.map(EventValue.text)
    var line = EventLine("process.started", payload, Details())
    line.object.set("run_key", key)
    line.object.set("parent_run_id", surroundings.parentRunID)
    line.object.set("instance_id", instance ?? surroundings.instanceID)
    line.object.set("role", role)
    line.object.set("log_id", surroundings.logID)
    let started = send([line.object.bytes], name: Run.fileName(key)).first ?? .lost
    guard case .stored(let id, _, _, let instanceID) = started else {
      return Run(
        client: self, key: key, id: nil, instanceID: instance ?? surroundings.instanceID,
        role: role, unconfirmed: line.object.bytes)
    }
    return Run(
      client: self, key: key, id: id, instanceID: instanceID, role: role, unconfirmed: nil)
  }

  func send(_ lines: [[UInt8]], name: String) -> [Logged] {
    switch route.send(lines, name: name) {
    case .answered(let answers): return answers.map(Logged.init)
    case .dropped(let file): return lines.map { _ in .dropped(file: file) }
    case .lost: return lines.map { _ in .lost }
    }
  }
}

extension FleetlogClient.Logged {
  init(_ answer: LogAnswer) {
    switch answer {
    case .logged(let id, let isNew, let runID, let instanceID, _):
      self = .stored(id: id, isNew: isNew, runID: runID, instanceID: instanceID)
    case .refused(_, let reason, _): self = .refused(reason: reason)
    }
  }
}
