/// What an agent may report about its own session, by the flat key that it stands under.
package enum MetricField: String, Sendable, CaseIterable {
  case outcome = "metrics_outcome"
  case pullRequests = "metrics_pr_numbers"
  case filesChanged = "metrics_files_changed"
  case linesAdded = "metrics_lines_added"
  case linesRemoved = "metrics_lines_removed"
  case headEnd = "metrics_git_head_end"
  case commits = "metrics_commit_shas"

  /// The object that would be replaced whole by every report; it is passed over.
  package static let nested = "metrics"
}

/// The value of a reported field, of exactly the type that the field has.
package enum MetricValue: Sendable, Equatable {
  /// `success`, `partial`, `abandoned` or `error`.
  case outcome(String)
  /// Numbers of pull requests, positive.
  case numbers([Int])
  /// Not below zero.
  case count(Int)
  case commit(String)
  case commits([String])

  package static let outcomes = ["success", "partial", "abandoned", "error"]

  /// - Returns: nil where the value is not of the field's type: a URL in the place of a number, a
  ///   number as text, a count below zero.
  package init?(_ field: MetricField, _ value: JSONValue) {
    switch field {
    case .outcome:
      guard let outcome = value.string, Self.outcomes.contains(outcome) else { return nil }
      self = .outcome(outcome)
    case .pullRequests:
      guard value.isArray else { return nil }
      let numbers = value.elements.map { $0.int ?? 0 }
      guard numbers.allSatisfy({ $0 > 0 }) else { return nil }
      self = .numbers(numbers)
    case .filesChanged, .linesAdded, .linesRemoved:
      guard let count = value.int, count >= 0 else { return nil }
      self = .count(count)
    case .headEnd:
      guard let sha = value.string, CommitName.isValid(sha) else { return nil }
      self = .commit(sha)
    case .commits:
      guard value.isArray else { return nil }
      let names = value.elements.map { $0.string ?? "" }
      guard names.allSatisfy({ CommitName.isValid($0) }) else { return nil }
      self = .commits(names)
    }
  }

  /// The value as JSON text.
  package var json: String {
    switch self {
    case .outcome(let text), .commit(let text):
      String(JSONObject.array(of: [text]).dropFirst().dropLast())
    case .numbers(let numbers): "[" + numbers.map(String.init).joined(separator: ",") + "]"
    case .count(let count): String(count)
    case .commits(let names): JSONObject.array(of: names)
    }
  }
}

/// The name of a commit as git prints it: hexadecimal digits, whole or cut short.
package enum CommitName {
  private static let lengths = 7...64

  package static func isValid(_ text: some StringProtocol) -> Bool {
    lengths.contains(text.utf8.count) && text.utf8.allSatisfy(isDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }

  /// Calls back with what may be a name in a text, in small letters, until that returns false.
  package static func forEach(in text: String, _ body: (String) -> Bool) {
    var text = text
    text.withUTF8 { bytes in
      var start = 0
      for end in 0...bytes.count {
        if end < bytes.count, isDigit(bytes[end]) { continue }
        if lengths.contains(end - start) {
          let name = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
          guard body(name) else { return }
        }
        start = end + 1
      }
    }
  }

  /// Whether it is one that stands for itself, of SHA-1 or SHA-256.
  package static func isWhole(_ text: some StringProtocol) -> Bool {
    isValid(text) && (text.utf8.count == 40 || text.utf8.count == 64)
  }

  /// Whether two names may be of one commit.
  package static func agree(_ left: String, _ right: String) -> Bool {
    let (left, right) = (left.lowercased(), right.lowercased())
    return left.hasPrefix(right) || right.hasPrefix(left)
  }
}

/// What an agent last reported in one field.
package struct ReportedMetric: Sendable, Equatable {
  /// nil where what it reported is not of the field's type.
  package let value: MetricValue?
  /// The event that says so.
  package let mark: WorkerFacts.Mark

  package init(value: MetricValue?, mark: WorkerFacts.Mark) {
    self.value = value
    self.mark = mark
  }
}

extension StoredEvent {
  /// What the event reports of its session's metrics: the fields that are there, with nil for a
  /// value that is not of its field's type, and whether a nested object was passed over.
  package var reportedMetrics: (fields: [(MetricField, MetricValue?)], hasNested: Bool) {
    guard type == .contextSet || type == .completed, !isInferred, let payload,
      payload.contains(bytesOf: "\"metrics"), let root = try? JSONDocument(payload).root
    else { return ([], false) }
    let fields = MetricField.allCases.compactMap { field in
      root[field.rawValue].map { (field, MetricValue(field, $0)) }
    }
    return (fields, root[MetricField.nested]?.isObject ?? false)
  }
}
