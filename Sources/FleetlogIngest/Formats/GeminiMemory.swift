import FleetlogEvents

/// What a reader of a Gemini session remembers between two lines. Every collection is bounded.
struct GeminiMemory: Codable {
  var session = ""
  /// The session that this one works for.
  var parent: String?
  var hasStarted = false
  var title: String?
  var model: String?
  /// ms since the Unix epoch.
  var lastTime: Int64?
  /// The model's last message, as long as a further version of it may come.
  var held: Held?
  /// The last thing said, while nothing shows that the model went on.
  var final: FinalMessage?
  /// The event blocks of the turn.
  var contract: ContractUse?
  /// Messages that were told, the newest 256: a later version of one adds what it adds and ends
  /// nothing.
  private var told: [String] = []

  struct Held: Codable {
    let id: String
    /// The message as it came last.
    let line: String
    let offset: Int64
    let length: Int64

    var span: SourceSpan { SourceSpan(offset: offset, length: length) }
  }

  struct FinalMessage: Codable {
    let id: String
    let key: String
    let ts: Int64
    /// Where the time comes from that is not the message's own.
    let timeSource: String?
    let offset: Int64
    let length: Int64
  }

  func isTold(_ id: String) -> Bool { told.contains(id) }

  mutating func tell(_ id: String) {
    guard !told.contains(id) else { return }
    told.append(id)
    if told.count > 256 { told.removeFirst() }
  }

  /// Forgets the message of an id and all after it; all where the id is unknown.
  mutating func rewind(to id: String) {
    held = nil
    final = nil
    told.removeSubrange((told.firstIndex(of: id) ?? 0)...)
  }
}
