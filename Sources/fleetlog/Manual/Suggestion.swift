/// What a shell can offer for a value, told by what the value is called in the help.
enum Suggestion: Equatable {
  case words([String])
  case file
  case folder
  /// A program, and what that takes in its turn.
  case command
  /// Nothing: any text will do.
  case text

  /// - Parameter placeholder: such as `[DIR…]`, `FILE`, `[show|renew]`.
  init(_ placeholder: String) {
    let first = placeholder.split(separator: " ").first ?? ""
    switch first.filter({ !"[]…".contains($0) }) {
    case "FILE": self = .file
    case "DIR": self = .folder
    case "VERB": self = .words(Fleetlog.verbs.map { $0.name })
    case let words where words.contains("|") && words.allSatisfy({ $0.isLowercase || $0 == "|" }):
      self = .words(words.split(separator: "|").map(String.init))
    default: self = placeholder.hasSuffix("COMMAND…") ? .command : .text
    }
  }
}

extension Option {
  /// Nil for a flag, which has no value.
  var suggestion: Suggestion? {
    guard let value else { return nil }
    return choices.isEmpty ? Suggestion(value) : .words(choices)
  }
}

extension Verb {
  static var suggestion: Suggestion { Suggestion(operands) }
}
