/// A value that is bound to a statement.
enum Value: Equatable {
  case null
  case int(Int64)
  case real(Double)
  case text(String)
  /// Text as its bytes.
  case utf8([UInt8])
  case blob([UInt8])

  /// Bytes that it takes as text or blob, and one so that none is without a place.
  var size: Int {
    switch self {
    case .null, .int, .real: 0
    case .text(let text): text.utf8.count + 1
    case .utf8(let bytes), .blob(let bytes): bytes.count + 1
    }
  }

  init(_ value: Int64?) { self = value.map { .int($0) } ?? .null }
  init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
  init(_ value: Bool) { self = .int(value ? 1 : 0) }
  init(_ value: Double?) { self = value.map { .real($0) } ?? .null }
  init(_ value: String?) { self = value.map { .text($0) } ?? .null }
}
