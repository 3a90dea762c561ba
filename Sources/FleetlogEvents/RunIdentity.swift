/// One execution of an agent or process, as far as its transcript names it.
package struct RunIdentity: Sendable, Hashable {
  /// The idempotency key of the run's `process.started`, which identifies the run in any file.
  package let key: String
  /// Long-lived name of the emitter, built from agent and session so that it does not depend on
  /// the order of reading.
  package let instanceID: String
  package let role: String
  package let sessionID: String?

  package init(key: String, instanceID: String, role: String, sessionID: String?) {
    self.key = key
    self.instanceID = instanceID
    self.role = role
    self.sessionID = sessionID
  }
}
