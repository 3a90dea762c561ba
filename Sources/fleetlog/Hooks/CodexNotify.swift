/// Fleetlog's entry in Codex's `config.toml`: the top-level `notify`, a program that Codex starts
/// when a turn is over. Pure.
///
/// The file is read as far as it takes to tell its statements apart; what is not understood is
/// refused, and every byte outside our own line stays.
enum CodexNotify {
  enum Refusal: Error, CustomStringConvertible, Equatable {
    case unreadable(String)
    /// Another program is called already; `chained` is the line that would call both.
    case foreign(current: String, chained: String?)

    var description: String {
      switch self {
      case .unreadable(let reason): reason
      case .foreign(let current, let chained):
        "its notify calls another program (\(current)), and Codex calls but one. "
          + (chained.map { "To have both, replace that line with\n  \($0)" }
            ?? "To have both, call the other one from a script, after “fleetlog hook”")
      }
    }
  }

  /// The configuration with our program as the one that is notified.
  static func install(_ words: [String], in config: [UInt8]) throws(Refusal) -> [UInt8] {
    let statements = try TOMLStatements.topLevel(of: config)
    let line = Array(("notify = " + literal(words)).utf8)
    if let notify = statements.last(where: { $0.key == "notify" }) {
      let current = text(config[notify.value])
      guard let elements = TOMLStatements.strings(current) else {
        throw .foreign(current: current, chained: nil)
      }
      guard isOurs(elements) else {
        throw .foreign(current: current, chained: "notify = " + literal(words + ["--"] + elements))
      }
      // What is chained behind ours was put there by a person.
      let chain = elements.firstIndex(of: "--").map { Array(elements[$0...]) } ?? []
      guard elements != words + chain else { return config }
      return Array(config[..<notify.value.lowerBound]) + Array(literal(words + chain).utf8)
        + Array(config[notify.value.upperBound...])
    }
    let newline = Array((config.contains(0x0D) ? "\r\n" : "\n").utf8)
    guard let last = statements.last else {
      let start = config.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      return Array(config[..<start]) + line + newline + Array(config[start...])
    }
    let end = last.line.upperBound
    let isLastLine = end == config.count && config.last != 0x0A
    return Array(config[..<end]) + (isLastLine ? newline + line : line + newline)
      + Array(config[end...])
  }

  /// The configuration without our line. What is chained behind ours takes its place.
  static func remove(from config: [UInt8]) throws(Refusal) -> [UInt8] {
    let statements = try TOMLStatements.topLevel(of: config)
    guard let notify = statements.last(where: { $0.key == "notify" }),
      let elements = TOMLStatements.strings(text(config[notify.value])), isOurs(elements)
    else { return config }
    if let mark = elements.firstIndex(of: "--"), mark + 1 < elements.count {
      return Array(config[..<notify.value.lowerBound])
        + Array(literal(Array(elements[(mark + 1)...])).utf8)
        + Array(config[notify.value.upperBound...])
    }
    var start = notify.line.lowerBound
    let isLastLine = notify.line.upperBound == config.count && config.last != 0x0A
    if isLastLine, start > 0 {
      start -= 1
      if start > 0, config[start - 1] == 0x0D { start -= 1 }
    }
    return Array(config[..<start]) + Array(config[notify.line.upperBound...])
  }

  /// The program that our line calls; nil where there is none.
  static func program(in config: [UInt8]) throws(Refusal) -> String? {
    guard let notify = try TOMLStatements.topLevel(of: config).last(where: { $0.key == "notify" }),
      let elements = TOMLStatements.strings(text(config[notify.value])), isOurs(elements)
    else { return nil }
    return elements.first
  }

  static func isOurs(_ words: [String]) -> Bool {
    words.count >= 2 && words[1] == "hook" && words[0].split(separator: "/").last == "fleetlog"
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  private static func literal(_ words: [String]) -> String {
    "[" + words.map(TOMLStatements.literal).joined(separator: ", ") + "]"
  }
}
