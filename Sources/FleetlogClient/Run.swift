import FleetlogEvents
import Glibc

/// A run of this process's: what it logs belongs to it.
///
/// Any number of threads may log at once.
public final class Run: Sendable {
  private let client: FleetlogClient
  /// Names the run in every log; nil where only its id is known.
  private let key: String?
  /// The id of the run's `process.started`; nil where it waits in the drop folder.
  public let id: Int64?
  /// The run's long-lived name; nil where the log has not given it one yet.
  public let instanceID: String?
  private let role: String?
  /// The start of the run as long as no log has confirmed it: what comes later brings it along, so
  /// that a log that can be reached then knows the run.
  private let unconfirmed: [UInt8]?
  private let startedAt = Host.now

  init(
    client: FleetlogClient, key: String?, id: Int64?, instanceID: String?, role: String?,
    unconfirmed: [UInt8]?
  ) {
    self.client = client
    self.key = key
    self.id = id
    self.instanceID = instanceID
    self.role = role
    self.unconfirmed = unconfirmed
  }

  static func fileName(_ key: String?) -> String {
    "run-" + (key.map { String($0.suffix(12)) } ?? "\(getpid())")
  }

  /// Logs an event of this run.
  @discardableResult
  public func log(
    _ eventType: String, summary: String? = nil, payload: [String: EventValue] = [:],
    details: FleetlogClient.Details = FleetlogClient.Details()
  ) -> FleetlogClient.Logged {
    var details = details
    details.summary = summary ?? details.summary
    var line = EventLine(eventType, payload, details)
    line.object.set("run_key", key)
    line.object.set("run_id", id)
    line.object.set("instance_id", instanceID)
    line.object.set("role", role)
    line.object.set("log_id", client.surroundings.logID)
    let lines = [unconfirmed, line.object.bytes].compactMap { $0 }
    return client.send(lines, name: Self.fileName(key)).last ?? .lost
  }

  /// What a process that this one starts must find in its environment to be a child of this run.
  public var childEnvironment: [String: String] {
    var variables: [String: String] = [:]
    if let id { variables[RunEnvironment.parentRunID] = String(id) }
    return variables
  }

  /// Logs that the run is over. A run that `fleetlog run` began is ended by it, not by this.
  ///
  /// - Parameter status: the exit status that the process is about to have.
  @discardableResult
  public func end(status: Int = 0) -> FleetlogClient.Logged? {
    guard client.surroundings.runID == nil, client.surroundings.runKey == nil else { return nil }
    return log(
      "process.exited",
      payload: ["exit_code": .integer(status), "duration_ms": .integer(Int(Host.now - startedAt))])
  }
}
