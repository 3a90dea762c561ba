import FleetlogEvents

/// One line for the operator: when, how grave, what happened, and where. It never says what a
/// transcript says.
///
/// Whatever is in its values, it stays one line of visible characters: names of files are anybody's.
struct OperatorLine: Sendable {
  enum Level: Int, Sendable, CaseIterable {
    case debug, info, warning, error

    var name: String { "\(self)" }
  }

  enum Format: String, Sendable, CaseIterable {
    /// `time=… level=info message="…" folder=/home/dev`.
    case text
    case json
  }

  /// ms since the Unix epoch.
  let time: Int64
  let level: Level
  let message: String
  var fields: [(name: String, value: String)] = []

  func rendered(as format: Format) -> String {
    let all =
      [("time", Timestamp.format(time)), ("level", level.name), ("message", message)]
      + fields.map { ($0.name, $0.value) }
    switch format {
    case .text:
      return all.map { "\($0.0)=\(Self.isPlain($0.1) ? $0.1 : Self.quoted($0.1))" }
        .joined(separator: " ")
    case .json:
      return "{" + all.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",")
        + "}"
    }
  }

  /// Whether the value ends where the next space is, with nothing to be told otherwise.
  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-_./:@%+,~".utf8.contains(byte)
        }
      }
  }

  /// As JSON has it, and besides with everything escaped that is not seen or that turns what
  /// follows: a terminal shows these lines too.
  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
          for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
          }
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "\""
  }
}
