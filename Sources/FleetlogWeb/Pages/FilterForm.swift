import FleetlogEvents

/// The form with every filter of `/events`.
struct FilterForm: TemplateContext {
  let filter: EventFilter
  /// Parameters that are no filter and go along.
  var manner: [(name: String, value: String)] = []
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<FilterForm>] = [
    .text("query", \.filter.text),
    .list("kept", \.kept),
    .list("additions", \.additions),
    .text("since") { $0.filter.since.map(Timestamp.format) },
    .text("until") { $0.filter.until.map(Timestamp.format) },
    .list("severities", \.severities),
    .list("sourceKinds", \.sourceKinds),
    .list("sorts", \.sorts),
    .list("flags", \.flags),
    .text("limit") { String($0.filter.limit) },
  ]

  /// Values of repeatable filters stay until their chips are removed; the fields add to them.
  private var kept: [HiddenField] {
    let repeatable = Set(Self.repeatable.map(\.name)).union(["source_kind"])
    return (filter.parameters.filter { repeatable.contains($0.name) } + manner)
      .map { HiddenField(name: $0.name, value: $0.value) }
  }

  private static let repeatable: [(name: String, example: String)] = [
    ("type", "needs_decision"), ("session", "session id"), ("run", "1841"),
    ("instance", "W00004"), ("role", "worker"), ("agent", "claude"), ("project", "/srv/billing"),
    ("branch", "main"), ("tag", "ci"),
  ]

  private var additions: [FormField] {
    Self.repeatable.map {
      FormField(name: $0.name, label: Self.words($0.name), example: $0.example)
    }
  }

  private var severities: [Choice] {
    let words = ["any", "2 and up", "3 and up", "4 and up", "5 only"]
    return words.enumerated().map { index, label in
      Choice(
        value: index == 0 ? "" : String(index + 1), label: label,
        isChosen: (filter.minSeverity ?? 1) == index + 1)
    }
  }

  private var sourceKinds: [Choice] {
    let label = filter.sourceKinds.isEmpty ? "any" : "add none"
    return [Choice(value: "", label: label, isChosen: true)]
      + SourceKind.allCases.map { Choice(value: $0.rawValue, label: $0.rawValue, isChosen: false) }
  }

  private var sorts: [Choice] {
    let words: [EventFilter.Sort: String] = [
      .newest: "newest first", .oldest: "oldest first", .rank: "best match first",
    ]
    return EventFilter.Sort.allCases.map {
      Choice(
        value: $0.rawValue, label: words[$0] ?? $0.rawValue, isChosen: $0 == filter.sort)
    }
  }

  private var flags: [Choice] {
    [
      Choice(value: "attention", label: "asks for attention", isChosen: filter.attention),
      Choice(value: "action_required", label: "needs an action", isChosen: filter.actionRequired),
      Choice(value: "risk", label: "risk", isChosen: filter.risk),
    ]
  }

  /// A parameter's name in words.
  static func words(_ parameter: String) -> String {
    switch parameter {
    case "q": "text"
    case "min_severity": "severity from"
    default: parameter.replacing("_", with: " ")
    }
  }

  /// A time as it was typed, which says more than the moment that it comes to; one that a link gave
  /// in ms since the Unix epoch as a date.
  static func typed(_ name: String, _ parameters: [(name: String, value: String)]) -> String? {
    parameters.last { $0.name == name }.map { parameter in
      Int64(parameter.value).map { Timestamp.format($0) } ?? parameter.value
    }
  }

  /// A parameter's value as people read it.
  static func shown(_ parameter: (name: String, value: String)) -> String {
    switch parameter.name {
    case "since", "until":
      Int64(parameter.value).map { ms in
        Timestamp.format(ms).replacing("T", with: " ").prefix(19) + " UTC"
      } ?? parameter.value
    case "attention", "action_required", "risk": "yes"
    default: parameter.value
    }
  }
}

/// A text field of a form.
struct FormField: TemplateContext {
  let name: String
  let label: String
  let example: String

  static let slots: [Slot<FormField>] = [
    .text("name", \.name), .text("label", \.label), .text("example", \.example),
  ]
}

/// One of several values that a form offers.
struct Choice: TemplateContext {
  let value: String
  let label: String
  let isChosen: Bool

  static let slots: [Slot<Choice>] = [
    .text("value", \.value), .text("label", \.label), .flag("isChosen", \.isChosen),
  ]
}
