package import FleetlogEvents

// What older runners write may hold a number as a string, a time in several forms, or a value of
// another kind than expected; none of that may cost the record.
extension JSONValue {
  /// A whole number, also one that arrives as a string.
  package var wholeNumber: Int? {
    if let int { return int }
    guard let text = string?.trimmed, text.utf8.count <= 20 else { return nil }
    return Int(text)
  }

  /// A number that counts or names something, 0 included; negative ones name nothing.
  package var ordinal: Int? { wholeNumber.flatMap { $0 >= 0 ? $0 : nil } }

  /// Text that is not blank, or a number as its text.
  package var label: String? {
    switch kind {
    case .string: string.map(\.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    case .number: source
    default: nil
    }
  }

  /// A moment in ms since the Unix epoch: ISO-8601, ms, or seconds where they can't be ms.
  package var moment: Int64? {
    if let text = string, let ms = Timestamp.parse(text) { return ms }
    guard let number = wholeNumber.map(Double.init) ?? double, number >= 0 else { return nil }
    let ms = number < 100_000_000_000 ? number * 1000 : number
    return ms <= Double(Timestamp.latest) ? Int64(ms) : nil
  }
}

extension FactKey {
  /// Adds a value by what it says: members in the order of their names, numbers and texts as they
  /// stand, so that a record which was read and written again is the same fact.
  package mutating func add(meaningOf value: JSONValue, without left: Set<String> = []) {
    switch value.kind {
    case .object:
      let members = value.members.filter { !left.contains($0.key) }
        .enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
      add(members.count)
      for (_, member) in members {
        add(member.key)
        add(meaningOf: member.value)
      }
    case .array:
      let elements = value.elements
      add(elements.count)
      for element in elements { add(meaningOf: element) }
    case .string: add(value.string)
    case .null, .bool, .number: add(value.sourceBytes)
    }
  }
}

extension JSONObject {
  /// Copies the members of a record that are not set yet and don't use Fleetlog's own names.
  package mutating func copy(
    _ record: JSONValue, except left: Set<String> = [], cap: TextCap
  ) {
    for (key, value) in record.members
    where !left.contains(key) && !key.hasPrefix("_") && !contains(key) {
      set(key, value, cap: cap)
    }
  }
}
