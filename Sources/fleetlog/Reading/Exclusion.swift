import FleetlogEvents
import FleetlogIngest

/// Which transcripts are not read, by the user's settings: those below folders, of projects, of agents.
///
/// A pattern stands for the whole of what it is compared with: `*` for any text without a `/`, `**` for
/// any text, `?` for one character. A project without a `/` is compared with the last part of its path.
struct Exclusion: Sendable {
  enum Kind: String, CaseIterable { case folder, project, agent }

  struct Rule: Sendable {
    let kind: Kind
    let pattern: Glob
    /// As it was given.
    let text: String
  }

  static let option = Option(
    name: "exclude", value: "KIND=PATTERN",
    help: "transcripts that are not read: folder=/path/**, project=/path or NAME, agent=NAME",
    isRepeatable: true, isTable: true)

  static let none = Exclusion(rules: [])
  let rules: [Rule]

  init(rules: [Rule]) { self.rules = rules }

  init(_ arguments: Arguments) throws(UsageError) {
    var rules: [Rule] = []
    for text in arguments.values(Self.option.name) {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let kind = Kind(rawValue: parts[0]) else {
        throw UsageError(
          "\(arguments.called(Self.option.name)) can't be \"\(text)\": it takes KIND=PATTERN, with "
            + "folder, project or agent as kind"
        )
      }
      rules.append(Rule(kind: kind, pattern: Glob(parts[1]), text: text))
    }
    self.rules = rules
  }

  /// Whether a file must be looked into to tell.
  var asksContent: Bool { rules.contains { $0.kind != .folder } }

  /// The rule by which a file is not even opened.
  func rule(for path: FilePath) -> Rule? {
    guard !rules.isEmpty else { return nil }
    let text = path.text
    return rules.first { rule in
      guard rule.kind == .folder else { return false }
      return text.indices.contains { index in
        text[index] == "/" && index > text.startIndex && rule.pattern.matches(text[..<index])
      } || rule.pattern.matches(text[...])
    }
  }

  /// The rule by which what a transcript's first records tell is not to be stored.
  func rule(for drafts: [EventDraft]) -> Rule? {
    guard asksContent else { return nil }
    let (project, agent) = Self.told(by: drafts)
    return rules.first { rule in
      switch rule.kind {
      case .folder: false
      case .agent: agent.map { rule.pattern.matches($0[...]) } ?? false
      case .project: project.map { rule.matches(project: $0) } ?? false
      }
    }
  }

  static func tellsProject(_ drafts: [EventDraft]) -> Bool { told(by: drafts).project != nil }

  private static func told(by drafts: [EventDraft]) -> (project: String?, agent: String?) {
    var project: String?
    var agent: String?
    for draft in drafts where project == nil || agent == nil {
      guard telling.contains(draft.type),
        let payload = try? JSONDocument(draft.payload.text).root
      else { continue }
      project = project ?? payload["cwd"]?.string ?? payload["repo_root"]?.string
      if draft.type == .processStarted { agent = agent ?? payload["agent"]?.string }
    }
    return (project, agent)
  }

  private static let telling: Set<EventType> = [.processStarted, .contextSet, .observationRecorded]

  /// Whether what a file was excluded for still holds, so that it need not be looked into again.
  func stillHolds(_ reason: String) -> Bool {
    reason == SourceStatus.forgotten || rules.contains { $0.reason == reason }
  }
}

extension Exclusion.Rule {
  /// As `/sources` says it.
  var reason: String { "excluded by \(text)" }

  func matches(project: String) -> Bool {
    if pattern.matches(project[...]) { return true }
    guard !pattern.text.contains("/"), let slash = project.lastIndex(of: "/") else { return false }
    return pattern.matches(project[project.index(after: slash)...])
  }
}

/// A pattern of a path or name.
struct Glob: Sendable {
  let text: String
  private let parts: [Part]

  private enum Part: Sendable, Equatable {
    case byte(UInt8)
    case one
    case any
    case anyWithinName
  }

  init(_ text: String) {
    self.text = text
    var parts: [Part] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "*") where parts.last == .anyWithinName: parts[parts.count - 1] = .any
      case UInt8(ascii: "*") where parts.last == .any: break
      case UInt8(ascii: "*"): parts.append(.anyWithinName)
      case UInt8(ascii: "?"): parts.append(.one)
      default: parts.append(.byte(byte))
      }
    }
    self.parts = parts
  }

  /// The work grows with the product of both lengths, whatever they hold.
  func matches(_ name: Substring) -> Bool {
    /// Before which parts the text so far can end.
    var places = closure([0])
    for byte in name.utf8 {
      var next: Set<Int> = []
      for place in places where place < parts.count {
        switch parts[place] {
        case .byte(let own): if own == byte { next.insert(place + 1) }
        case .one: if byte != UInt8(ascii: "/") { next.insert(place + 1) }
        case .any: next.insert(place)
        case .anyWithinName: if byte != UInt8(ascii: "/") { next.insert(place) }
        }
      }
      guard !next.isEmpty else { return false }
      places = closure(next)
    }
    return places.contains(parts.count)
  }

  /// With the parts that may stand for nothing.
  private func closure(_ places: Set<Int>) -> Set<Int> {
    var all = places
    for place in places {
      var next = place
      while next < parts.count, parts[next] == .any || parts[next] == .anyWithinName {
        next += 1
        all.insert(next)
      }
    }
    return all
  }
}
