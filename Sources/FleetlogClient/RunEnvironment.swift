/// The run that a process is part of, by the environment that its starter gave it.
package struct RunEnvironment: Sendable {
  /// The run that this process is: `fleetlog run` began it.
  package let runID: Int64?
  package let runKey: String?
  /// The run that started this process.
  package let parentRunID: Int64?
  package let parentRunKey: String?
  /// The name of this process's instance.
  package let instanceID: String?
  /// The log that the ids are of.
  package let logID: String?

  package static let runID = "FLEETLOG_RUN_ID"
  package static let runKey = "FLEETLOG_RUN_KEY"
  package static let parentRunID = "PARENT_RUN_ID"
  package static let instanceID = "INSTANCE_ID"
  /// The instance that `fleetlog run` named: a nested one is not to bear the same name.
  package static let ownInstance = "FLEETLOG_RUN_INSTANCE"
  package static let logID = "FLEETLOG_LOG_ID"

  package init(_ environment: [String: String]) {
    func named(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    func id(_ key: String) -> Int64? {
      named(key).flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }
    runID = id(Self.runID)
    runKey = named(Self.runKey)
    parentRunID = id(Self.parentRunID)
    instanceID = named(Self.instanceID)
    logID = named(Self.logID)
    // A process that was given another parent by hand is no child of the run around it.
    parentRunKey = parentRunID == nil || parentRunID == runID ? runKey : nil
  }
}
