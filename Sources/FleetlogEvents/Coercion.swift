/// Mends the optional fields of an event. A bad field falls to its default and never costs the
/// event; what was changed or dropped is kept under `_coerced` as it was written.
struct Coercion {
  private let fields: JSONValue
  private var originals: [(field: String, value: JSONValue)] = []
  private var kept: Set<String> = []

  init(fields: JSONValue) { self.fields = fields }

  /// Keeps a field's original.
  mutating func note(_ field: String) {
    if let value = fields[field] { keep(field, value) }
  }

  private mutating func keep(_ field: String, _ value: JSONValue) {
    if kept.insert(field).inserted { originals.append((field, value)) }
  }

  private func value(_ field: String) -> JSONValue? {
    guard let value = fields[field], !value.isNull else { return nil }
    return value
  }

  mutating func flag(_ field: String) -> Bool? {
    guard let value = value(field) else { return nil }
    if let flag = value.bool { return flag }
    note(field)
    switch value.int ?? -1 {
    case 0: return false
    case 1: return true
    default: break
    }
    switch value.string?.trimmed.lowercased() {
    case "true", "1", "yes": return true
    case "false", "0", "no": return false
    default: return nil
    }
  }

  mutating func severity() -> Int? {
    guard let value = value("severity") else { return nil }
    if let number = value.int, (1...5).contains(number) { return number }
    note("severity")
    guard let number = number(value) else { return nil }
    return Int(min(5, max(1, number.rounded())))
  }

  mutating func confidence() -> Double? {
    guard let value = value("confidence") else { return nil }
    if let number = value.double, (0...1).contains(number) { return number }
    note("confidence")
    let text = value.string?.trimmed
    let isPercentage = text?.hasSuffix("%") ?? false
    let parsed = isPercentage ? text.flatMap { Double($0.dropLast().description.trimmed) } : nil
    guard let number = parsed ?? number(value), number.isFinite else { return nil }
    if isPercentage { return min(1, max(0, number / 100)) }
    if number >= 2, number <= 100 { return number / 100 }
    return min(1, max(0, number))
  }

  private func number(_ value: JSONValue) -> Double? {
    let number = value.double ?? value.string.flatMap { Double($0.trimmed) }
    return number.flatMap { $0.isFinite ? $0 : nil }
  }

  private static let times = 1...Timestamp.latest

  /// ms since the Unix epoch, from ISO-8601 or ms, also ms in quotes.
  mutating func time(_ field: String) -> Int64? {
    guard let value = value(field) else { return nil }
    if let ms = value.int.flatMap(Int64.init(exactly:)), Self.times.contains(ms) { return ms }
    if let text = value.string {
      if let ms = Timestamp.parse(text.trimmed) { return ms }
      note(field)
      return Int64(text.trimmed).flatMap { Self.times.contains($0) ? $0 : nil }
    }
    note(field)
    return nil
  }

  mutating func text(_ field: String) -> String? {
    guard let value = value(field) else { return nil }
    if let text = value.string, !text.trimmed.isEmpty { return text.trimmed }
    note(field)
    return value.kind == .number ? value.source : nil
  }

  /// A whole number above 0, such as an event's id.
  mutating func identifier(_ field: String) -> Int64? {
    guard let value = value(field) else { return nil }
    if let number = value.int, number > 0 { return Int64(number) }
    note(field)
    return value.string.flatMap { Int64($0.trimmed) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// One of a closed set of words.
  mutating func choice<Choice: RawRepresentable<String>>(_ field: String) -> Choice? {
    guard let value = value(field) else { return nil }
    if let choice = value.string.flatMap(Choice.init(rawValue:)) { return choice }
    note(field)
    return value.string.flatMap { Choice(rawValue: $0.trimmed.lowercased()) }
  }

  /// Each is a row of its own in the log: one event may not fill it.
  static let mostTags = 64

  mutating func tags() -> [String] {
    guard let value = value("tags") else { return [] }
    if let tag = value.string {
      note("tags")
      return tag.trimmed.isEmpty ? [] : [tag.trimmed]
    }
    let tags = value.elements.compactMap { $0.string?.trimmed }.filter { !$0.isEmpty }
    let kept = tags.prefix(Self.mostTags)
    if !value.isArray || kept.count != value.elements.count { note("tags") }
    return Array(kept)
  }

  mutating func artifacts() -> [ArtifactReference] {
    guard let value = value("artifact_refs") else { return [] }
    let candidates = value.isObject ? [value] : value.elements
    let artifacts = candidates.compactMap(artifact)
    if !value.isArray || artifacts.count != candidates.count { note("artifact_refs") }
    return artifacts
  }

  private func artifact(_ value: JSONValue) -> ArtifactReference? {
    guard let kind = value["kind"]?.string?.trimmed, ArtifactReference.kinds.contains(kind) else {
      return nil
    }
    let url = value["url"]?.string
    let ref = value["ref"].flatMap { $0.string ?? ($0.kind == .number ? $0.source : nil) }
    let title = value["title"]?.string
    guard url != nil || ref != nil || title != nil else { return nil }
    let source = value["source"]?.string ?? "worker"
    return ArtifactReference(
      kind: kind, url: url, title: title, ref: ref,
      source: ArtifactReference.sources.contains(source) ? source : "worker",
      createdAt: value["created_at"].flatMap { $0.string ?? ($0.isNull ? nil : $0.source) })
  }

  mutating func links() -> [ContractLink] {
    guard let value = value("links") else { return [] }
    let links = value.elements.compactMap(link)
    if !value.isArray || links.count != value.elements.count { note("links") }
    return links
  }

  private func link(_ value: JSONValue) -> ContractLink? {
    guard let relation = value["relation_type"]?.string.flatMap(RelationType.init(rawValue:)),
      let to = value["to"]
    else { return nil }
    if let id = to["event_id"]?.int, id > 0 {
      return ContractLink(relation: relation, target: .eventID(Int64(id)))
    }
    if let key = to["idempotency_key"]?.string, !key.isEmpty {
      return ContractLink(relation: relation, target: .idempotencyKey(key))
    }
    if let key = to["dedupe_key"]?.string, !key.isEmpty {
      return ContractLink(relation: relation, target: .dedupeKey(key))
    }
    return nil
  }

  /// The worker's `payload`, then the keys that the contract does not know, then `_coerced`.
  mutating func payload(known: Set<String>) -> JSONObject {
    var payload = JSONObject()
    if let given = value("payload") {
      if given.isObject { copy(given, except: [], into: &payload) } else { note("payload") }
    }
    copy(fields, except: known, into: &payload)
    guard !originals.isEmpty else { return payload }
    var coerced = JSONObject()
    for (field, value) in originals { coerced.set(field, value) }
    payload.set("_coerced", coerced)
    return payload
  }

  /// Fleetlog's own words in a payload; a worker's key of that name would pass for them.
  private static let reserved: Set<String> = ["_coerced", "_full_summary"]

  /// Copies members, of repeated keys the last one. What may not stand under its own key is kept
  /// under `_coerced`.
  private mutating func copy(
    _ object: JSONValue, except: Set<String>, into payload: inout JSONObject
  ) {
    let members = object.members
    var values = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    for member in members where !except.contains(member.key) {
      guard let value = values.removeValue(forKey: member.key) else { continue }
      if Self.reserved.contains(member.key) || payload.contains(member.key) {
        keep(member.key, value)
      } else {
        payload.set(member.key, value)
      }
    }
  }
}
