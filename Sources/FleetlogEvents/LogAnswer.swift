/// What became of an event that a process logged, the same whichever way it came.
package enum LogAnswer: Sendable, Equatable {
  /// In the log, under this id; `isNew` says whether it was written just now. What it links to by
  /// an id that no other event of the log has is `missing`.
  case logged(id: Int64, isNew: Bool, runID: Int64, instanceID: String, missing: [Int64] = [])
  /// Not taken. `id` is the `validation_error` that keeps it, where one was written.
  case refused(code: String, reason: String, id: Int64?)

  /// `{"id":12,"status":"new","run_id":12,"instance_id":"W00001"}` or
  /// `{"error":{"code","message"},"validation_error":13}`; with `"missing_events":[99]` where it links
  /// to what the log has not.
  package var json: JSONObject {
    var object = JSONObject()
    switch self {
    case .logged(let id, let isNew, let runID, let instanceID, let missing):
      object.set("id", id)
      object.set("status", isNew ? "new" : "existing")
      object.set("run_id", runID)
      object.set("instance_id", instanceID)
      if !missing.isEmpty { object.set("missing_events", json: "\(missing)") }
    case .refused(let code, let reason, let id):
      var error = JSONObject()
      error.set("code", code)
      error.set("message", reason)
      object.set("error", error)
      object.set("validation_error", id)
    }
    return object
  }

  /// Reads the form that ``json`` writes.
  package init?(_ value: JSONValue) {
    if let error = value["error"] {
      self = .refused(
        code: error["code"]?.string ?? "", reason: error["message"]?.string ?? error.source,
        id: value["validation_error"]?.int.map(Int64.init))
      return
    }
    guard let id = value["id"]?.int, let status = value["status"]?.string else { return nil }
    self = .logged(
      id: Int64(id), isNew: status == "new", runID: Int64(value["run_id"]?.int ?? 0),
      instanceID: value["instance_id"]?.string ?? "",
      missing: (value["missing_events"]?.elements ?? []).compactMap { $0.int.map(Int64.init) })
  }
}
