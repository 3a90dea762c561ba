/// What kind of fault a refused block or event has, told by its reason: few names for what people
/// count, where reasons quote what was written.
package enum RefusalKind: String, Sendable, CaseIterable {
  case badJSON = "bad_json"
  case notAnObject = "not_an_object"
  case noEvents = "no_events"
  case unknownType = "unknown_type"
  case reservedType = "reserved_type"
  case missingField = "missing_field"
  case unsupportedVersion = "unsupported_version"
  case keyConflict = "key_conflict"
  case other

  /// - Parameter reason: as a `validation_error` keeps it.
  package init(reason: String) {
    let carrier = EventBlock.carrier + ": "
    let text = reason.hasPrefix(carrier) ? reason.dropFirst(carrier.count) : reason[...]
    self = Self.beginnings.first { text.hasPrefix($0.0) }?.1 ?? .other
    if text.hasSuffix("Fleetlog writes it itself") { self = .reservedType }
  }

  private static let beginnings: [(String, RefusalKind)] = [
    ("malformed JSON", .badJSON), ("the block is not a JSON object", .notAnObject),
    ("the event is not a JSON object", .notAnObject), ("not a JSON object", .notAnObject),
    ("there is no \"events\"", .noEvents), ("unknown event_type", .unknownType),
    ("event_type is missing", .missingField), ("summary is missing", .missingField),
    ("unsupported", .unsupportedVersion), ("the idempotency_key was used", .keyConflict),
  ]
}
