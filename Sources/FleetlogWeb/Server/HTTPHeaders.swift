/// Header fields in the order they were sent or will be sent; names compare without case.
package struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
  package struct Field: Sendable {
    package let name: String
    package let value: String
  }

  private var fields: [Field] = []

  package init() {}

  package init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }

  /// The first field of that name; setting replaces every field of that name, `nil` removes them.
  package subscript(name: String) -> String? {
    get {
      fields.first { $0.name.equalsIgnoringCase(name) }?.value
    }
    set {
      fields.removeAll { $0.name.equalsIgnoringCase(name) }
      if let newValue { append(name, newValue) }
    }
  }

  /// Adds a field and keeps those of the same name, as `Set-Cookie` needs.
  package mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  package func makeIterator() -> IndexingIterator<[Field]> {
    fields.makeIterator()
  }
}

extension HTTPHeaders.Field {
  /// Whether the name is one that RFC 9110 allows (a token).
  ///
  /// A name such as `Content-Length ` (with a space) passes for a different header here and for
  /// the real one in a proxy; that difference is how requests are smuggled.
  var hasValidName: Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default:
          "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Whether the value is free of control characters; CR and LF would start a header of their own.
  var hasValidValue: Bool {
    value.utf8.allSatisfy { $0 == UInt8(ascii: "\t") || ($0 >= 0x20 && $0 != 0x7F) }
  }
}

extension StringProtocol {
  /// ASCII letters match without case; every other byte must be equal.
  func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
    utf8.lazy.map(\.asciiLowercased).elementsEqual(other.utf8.lazy.map(\.asciiLowercased))
  }

  /// Without the spaces and tabs at either end, which HTTP allows and gives no meaning.
  var trimmingOptionalWhitespace: String {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = Array(utf8)
    guard let first = bytes.firstIndex(where: { !isBlank($0) }),
      let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}

extension UInt8 {
  var asciiLowercased: UInt8 {
    self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
  }
}
