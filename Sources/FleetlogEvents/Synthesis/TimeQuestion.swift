/// Something that becomes true by the passing of time alone, unless something happens before:
/// that a run is silent, that a spawned child never appeared.
///
/// A run's view asks it; it is answered when time has come and nothing older is still being read.
/// It is kept as text, so that a clock tick need not read the run again.
package struct TimeQuestion: Sendable, Equatable {
  /// What the run's children have to do with the answer.
  package enum Children: Sendable, Equatable {
    /// Nothing.
    case none
    /// Output of a child counts as the run's own.
    case output
    /// So it does, and as long as a child is at work, or none is known, the answer is no.
    case work
    /// Whether the child that the evidence spawned has written its first record: the child's name
    /// where the evidence tells it, and whether something else proves that it ran.
    case start(child: String?, isProven: Bool)
  }

  /// Tells apart the questions of one run.
  package let key: String
  /// What is true once ``dueAt`` has come.
  package var inference: Inference
  /// ms since the Unix epoch; the inference's own time.
  package var dueAt: Int64
  /// How long it takes to become true, in ms.
  package let threshold: Int64
  package let children: Children
  /// When the condition ended, if it has; in ms.
  package var until: Int64?
  /// The event that shows that what was inferred is over.
  package var resolution: Evidence?
  /// Whether that event says the same in the worker's own words, and so supersedes it.
  package var isOwnWord = false

  package init(
    _ key: String, _ inference: Inference, threshold: Int64, children: Children = .none
  ) {
    self.key = key
    self.inference = inference
    dueAt = inference.ts
    self.threshold = threshold
    self.children = children
  }

  /// The key of a question about a spawned child, such that those about a child of some name can
  /// be found.
  package static func key(ofChild name: String, _ spawn: String) -> String {
    "child:" + name + "\n" + spawn
  }

  /// The question as text.
  package var text: String {
    var object = JSONObject()
    object.set("key", key)
    object.set("due_at", dueAt)
    object.set("threshold", threshold)
    switch children {
    case .none: break
    case .output: object.set("children", "output")
    case .work: object.set("children", "work")
    case .start(let child, let isProven):
      object.set("children", "start")
      object.set("child", child)
      object.set("is_proven", isProven)
    }
    object.set("until", until)
    object.set("resolution", resolution?.json)
    object.set("own_word", isOwnWord)
    object.set("inference", inference.json)
    return object.text
  }

  /// - Returns: nil for text that is no question.
  package init?(text: String) {
    guard let value = try? JSONDocument(text).root, let key = value["key"]?.string,
      let dueAt = value["due_at"]?.int, let threshold = value["threshold"]?.int,
      let inference = value["inference"].flatMap({ Inference($0) })
    else { return nil }
    self.key = key
    self.inference = inference
    self.dueAt = Int64(dueAt)
    self.threshold = Int64(threshold)
    switch value["children"]?.string {
    case "output": children = .output
    case "work": children = .work
    case "start":
      children = .start(
        child: value["child"]?.string, isProven: value["is_proven"]?.bool ?? false)
    default: children = .none
    }
    until = value["until"]?.int.map { Int64($0) }
    isOwnWord = value["own_word"]?.bool ?? false
    resolution = value["resolution"].flatMap { Evidence($0) }
  }
}

extension Evidence {
  fileprivate var json: JSONObject {
    var object = JSONObject()
    object.set("id", id)
    object.set("key", key)
    object.set("ts", ts)
    object.set("recorded_at", recordedAt)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let id = value["id"]?.int, let key = value["key"]?.string, let ts = value["ts"]?.int,
      let recordedAt = value["recorded_at"]?.int
    else { return nil }
    self.init(id: Int64(id), key: key, ts: Int64(ts), recordedAt: Int64(recordedAt))
  }
}

extension Inference {
  fileprivate var json: JSONObject {
    var object = JSONObject()
    object.set("rule", rule)
    object.set("key", key)
    object.set("type", type.rawValue)
    object.set("ts", ts)
    object.set("summary", summary)
    object.set("signal", signal)
    object.set("confidence", confidence)
    object.set("evidence", evidence.map(\.json))
    object.set("attention", attention)
    object.set("action", operatorActionRequired)
    object.set("risk", risk)
    object.set("severity", severity)
    object.set("payload", payload)
    object.set("artifacts", artifacts.map(\.json))
    object.set("dedupe_key", dedupeKey)
    object.set("expires_at", expiresAt)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let rule = value["rule"]?.string, let key = value["key"]?.string,
      let type = value["type"]?.string, let ts = value["ts"]?.int,
      let summary = value["summary"]?.string, let signal = value["signal"]?.string,
      let confidence = value["confidence"]?.double
    else { return nil }
    self.rule = rule
    self.key = key
    self.type = EventType(rawValue: type)
    self.ts = Int64(ts)
    self.summary = summary
    self.signal = signal
    self.confidence = confidence
    evidence = value["evidence"]?.elements.compactMap { Evidence($0) } ?? []
    attention = value["attention"]?.bool ?? false
    operatorActionRequired = value["action"]?.bool ?? false
    risk = value["risk"]?.bool ?? false
    severity = value["severity"]?.int ?? 1
    for member in value["payload"]?.members ?? [] where !payload.contains(member.key) {
      payload.set(member.key, member.value)
    }
    artifacts = (value["artifacts"]?.elements ?? []).compactMap { ArtifactReference(stored: $0) }
    dedupeKey = value["dedupe_key"]?.string
    expiresAt = value["expires_at"]?.int.map { Int64($0) }
  }
}
