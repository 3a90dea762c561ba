import FleetlogEvents

/// A value of an event's payload, as JSON has them; a literal will do.
public enum EventValue: Sendable, Equatable {
  case text(String)
  /// What is no finite number becomes null.
  case number(Double)
  case integer(Int)
  case flag(Bool)
  case list([EventValue])
  case object([String: EventValue])

  /// The value as JSON; objects with their keys in order, so that equal values are equal bytes.
  var json: String {
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number(let number): return number.isFinite ? "\(number)" : "null"
    case .integer(let number): return String(number)
    case .flag(let flag): return flag ? "true" : "false"
    case .list(let values): return "[" + values.map(\.json).joined(separator: ",") + "]"
    case .object(let members): return Self.object(members)
    }
  }

  static func object(_ members: [String: EventValue]) -> String {
    let parts = members.sorted { $0.key < $1.key }.map { Self.quoted($0.key) + ":" + $0.value.json }
    return "{" + parts.joined(separator: ",") + "}"
  }

  private static func quoted(_ text: String) -> String {
    String(JSONObject.array(of: [text]).dropFirst().dropLast())
  }
}

extension EventValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  public init(arrayLiteral elements: EventValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, EventValue)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}
