import FleetlogEvents

/// JSON written as literals, so that a record reads as it stands in a transcript.
struct JSON: Sendable {
  typealias Fields = [(key: String, value: JSON)]

  /// Empty for a field that is left out.
  let text: String

  init(_ text: String) {
    self.text = String(JSONObject.array(of: [text]).dropFirst().dropLast())
  }

  init(_ number: some BinaryInteger) { text = "\(number)" }

  init(_ number: Double) { text = "\(number)" }

  init(_ values: [JSON]) { text = "[" + values.map(\.text).joined(separator: ",") + "]" }

  init(_ fields: Fields) {
    let written = fields.filter { !$0.value.text.isEmpty }
    text =
      "{" + written.map { JSON($0.key).text + ":" + $0.value.text }.joined(separator: ",") + "}"
  }

  private init(raw: String) { text = raw }

  static func bool(_ value: Bool) -> JSON { JSON(raw: "\(value)") }

  /// A field that is left out where there is no value.
  static func optional(_ text: String?) -> JSON { text.map { JSON($0) } ?? JSON(raw: "") }

  /// A field that is null where there is no value.
  static func nullable(_ text: String?) -> JSON { text.map { JSON($0) } ?? JSON(raw: "null") }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral value: String) { self.init(value) }
  init(integerLiteral value: Int) { self.init(value) }
  init(floatLiteral value: Double) { self.init(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: JSON...) { self.init(elements) }
  init(dictionaryLiteral elements: (String, JSON)...) {
    self.init(elements.map { (key: $0.0, value: $0.1) })
  }
}
