/// Decodes `%41` to `A`, and refuses what a lenient decoder would guess at.
enum PercentEncoding {
  enum Failure: Error {
    case badEscape, nul, notUTF8

    /// Continues a sentence that begins with the name of what was decoded.
    var explanation: String {
      switch self {
      case .badEscape: "has a “%” that two hexadecimal digits do not follow"
      case .nul: "contains a NUL character"
      case .notUTF8: "is not valid UTF-8 once decoded"
      }
    }
  }

  /// - Parameter plusIsSpace: as forms encode their fields; paths keep their "+".
  static func decode(
    _ bytes: some Collection<UInt8>, plusIsSpace: Bool
  ) throws(Failure) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var rest = bytes.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(hexadecimalValue),
          let low = rest.next().flatMap(hexadecimalValue)
        else { throw .badEscape }
        decoded.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace:
        decoded.append(UInt8(ascii: " "))
      default:
        decoded.append(byte)
      }
    }
    guard !decoded.contains(0) else { throw .nul }
    guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  private static func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
