import FleetlogEvents

/// One entry of a transcript: a message, a call with its result, a typed event, or a sub-agent
/// with its own entries.
struct TranscriptEntry: TemplateContext {
  /// How an entry is drawn.
  private enum Kind: String {
    case prompt, said, thought, call, typed, note, agent
  }

  /// nil for a sub-agent none of whose own entries is on the page.
  let event: StoredEvent?
  private let kind: Kind
  private let title: String
  private let text: Excerpt?
  /// What the agent wrote, where it can be shown as Markdown.
  private let prose: Prose?
  private let change: CallChange?
  private let aside: Fold?
  /// How much a sub-agent's own entries are.
  private let length: String?
  private let result: ToolResult?
  /// What the model used for this entry.
  private(set) var usage: NamedValue?
  /// Whether the entry stands under the date of its day.
  var beginsDay = false
  /// The event that says that this one is a side of a contradiction.
  var contradiction: Int64?
  /// Where the lanes show it.
  var laneURL: String?
  /// Where it stands among all others, if only some are shown.
  var contextURL: String?
  private let content: SafeHTML
  private let now: Int64

  static let slots: [Slot<TranscriptEntry>] = [
    .text("anchor") { entry in
      // A sub-agent's place borrows its first event, which has a place of its own further in.
      entry.kind == .agent ? nil : entry.event.map { "e\($0.id)" }
    },
    .text("url") { entry in entry.event.map { Location.event($0.id).description } },
    .part("time") { entry in entry.event.map { TimeText($0.ts, now: entry.now, as: .time) } },
    .part("day") { entry in
      entry.beginsDay
        ? entry.event.map { TimeText($0.ts, now: entry.now, as: .day) } : nil
    },
    .text("kind", \.kind.rawValue),
    .text("tone") { ($0.event?.tone ?? .idle).rawValue },
    .flag("isPrompt") { $0.kind == .prompt },
    .flag("isCall") { $0.kind == .call },
    .flag("isTyped") { $0.kind == .typed },
    .flag("isNote") { $0.kind == .note },
    .flag("isAgent") { $0.kind == .agent },
    .flag("isInferred") { $0.event?.isInferred ?? false },
    .text("type") { $0.event?.typeWords },
    .part("review") { $0.event?.review.map(ReviewHandle.init) },
    .text("confidence") { $0.event?.confidence.map(Wording.confidence) },
    .text("contradictionURL") { $0.contradiction.map { Location.event($0).description } },
    .text("title", \.title),
    .part("text", \.text),
    .part("prose", \.prose),
    .part("change") { $0.change.map(ChangeView.init) },
    .text("laneURL", \.laneURL),
    .text("contextURL", \.contextURL),
    .part("aside", \.aside),
    .text("length", \.length),
    .part("result", \.result),
    .part("usage", \.usage),
    .html("content", \.content),
  ]

  /// - Parameter isMarkdown: whether what the agent wrote is shown as Markdown.
  init(
    _ event: StoredEvent, payload: JSONValue?, result: ToolResult?, isMarkdown: Bool = true,
    now: Int64
  ) {
    self.event = event
    self.now = now
    self.result = result
    content = .empty
    self.length = nil
    var title = event.summary
    var text: Excerpt?
    var prose: Prose?
    var change: CallChange?
    var aside: Fold?
    let written = payload?["text"].map(PayloadText.text)
    switch event.type {
    case .messageUser:
      kind = .prompt
      title = event.sourceKind == SourceKind.operator.rawValue ? "You" : "Task"
      text = .prose(written ?? event.summary)
    case .messageAssistant:
      kind = .said
      let parts = EmittedText(written ?? event.summary)
      if isMarkdown, !parts.prose.isEmpty { prose = Prose(parts.prose) }
      text = prose != nil || parts.prose.isEmpty ? nil : .prose(parts.prose)
      aside = parts.blocks.isEmpty ? nil : Fold(title: "event block", text: parts.blocks)
    case .messageReasoning:
      kind = .thought
      title = "Thinking"
      aside = Fold(title: event.summary, text: written ?? event.summary)
    case .toolCall:
      kind = .call
      change = CallChange(input: payload?["input"])
      let input = change == nil ? payload?["input"].map(PayloadText.text) ?? "" : ""
      aside = input.utf8.count > Self.tellingInput ? Fold(title: "input", text: input) : nil
    case .toolResult:
      kind = .call
      text = ToolResult(event, payload).output
    case .validationError:
      kind = .typed
      aside = payload?["text"].map {
        Fold(title: "what was refused", text: PayloadText.text($0))
      }
    default:
      kind = Self.isNote(event) ? .note : .typed
    }
    self.title = title
    self.text = text
    self.prose = prose
    self.change = change
    self.aside = aside
  }

  /// A sub-agent at the place where it started.
  init(
    subagent: RunSummary?, first: StoredEvent?, length: String, content: SafeHTML, now: Int64
  ) {
    event = first
    kind = .agent
    title = subagent?.summary ?? "Sub-agent"
    text = nil
    prose = nil
    change = nil
    aside = nil
    self.length = length
    result = nil
    self.content = content
    self.now = now
  }

  /// What keeps the record complete and is seldom what one came to read.
  private static func isNote(_ event: StoredEvent) -> Bool {
    switch event.type {
    case .processStarted, .processExited, .llmCallCompleted, .contextCompacted, .messageSystem,
      .turnCompleted, .workerObservation, .observationRecorded, .contextSet, .heartbeat:
      !event.isInferred && !event.attentionCandidate
    default: false
    }
  }

  /// Said, thought or done by the model itself.
  var isModels: Bool {
    kind == .said || kind == .thought || (kind == .call && event?.type == .toolCall)
  }

  /// Shorter input says no more than the call's own line does, in bytes.
  private static let tellingInput = 240

  /// The entry with the figures of the model's response that it belongs to.
  func with(usage event: StoredEvent) -> TranscriptEntry {
    let payload = event.payloadObject
    let output = payload?["output_tokens"]?.int.map { "\(Wording.count($0)) out" }
    let context = payload?["context_tokens"]?.int.map { "\(Wording.count($0)) in context" }
    let figures = [output, context].compactMap(\.self).joined(separator: " · ")
    var entry = self
    entry.usage = NamedValue(
      "e\(event.id)", figures.isEmpty ? "response" : figures, .event(event.id))
    return entry
  }
}

/// A tool's result, beneath its call.
struct ToolResult: TemplateContext {
  let event: StoredEvent
  let output: Excerpt?
  private let verdict: String
  private let isError: Bool

  init(_ event: StoredEvent, _ payload: JSONValue?) {
    self.event = event
    isError = payload?["is_error"]?.bool ?? false
    var verdict: [String] = []
    if payload?["denied"]?.bool == true { verdict.append("refused by the operator") }
    if let code = payload?["exit_code"]?.int {
      verdict.append("exit \(code)")
    } else if isError {
      verdict.append("failed")
    }
    if let took = payload?["duration_ms"]?.int, took > 0 {
      verdict.append(Wording.duration(Int64(took)))
    }
    self.verdict = verdict.isEmpty ? "result" : verdict.joined(separator: " · ")
    let tool = payload?["tool"]?.string?.lowercased() ?? ""
    let isContent = !isError && Self.readingTools.contains { tool.hasPrefix($0) }
    let text = payload?["content"].map(PayloadText.text) ?? ""
    output =
      text.isEmpty
      ? nil : .output(Self.withoutExitCode(text), isContent: isContent, isError: isError)
  }

  private static let readingTools = ["read", "grep", "glob", "ls", "search", "list", "webfetch"]

  /// The verdict says it already.
  private static func withoutExitCode(_ text: String) -> String {
    guard text.hasPrefix("Exit code "), let end = text.firstIndex(of: "\n") else { return text }
    return String(text[text.index(after: end)...])
  }

  static let slots: [Slot<ToolResult>] = [
    .text("anchor") { "e\($0.event.id)" },
    .text("url") { Location.event($0.event.id).description },
    .text("verdict", \.verdict),
    .flag("isError", \.isError),
    .part("output", \.output),
    .flag("isSilent") { $0.output == nil },
  ]
}

/// What a worker wrote, with its event blocks apart: they show as their events.
struct EmittedText {
  let prose: String
  let blocks: String

  init(_ text: String) {
    var prose = text
    var blocks: [String] = []
    for finding in EventBlock.scan(text, isComplete: true).findings {
      let raw: String
      switch finding {
      case .block(let body, _): raw = EventBlock.begin + body + EventBlock.end
      case .broken(_, let broken, _): raw = broken
      case .summaryLine(let body, _): raw = EventBlock.carrier + " " + body
      case .fenced: continue
      }
      guard !raw.isEmpty, let range = prose.firstRange(of: raw) else { continue }
      prose.replaceSubrange(range, with: "")
      blocks.append(raw)
    }
    self.prose = prose.trimmed
    self.blocks = blocks.joined(separator: "\n")
  }
}

/// The text of a payload's value as people read it.
enum PayloadText {
  static func text(_ value: JSONValue) -> String {
    if let cut = CutText(value) { return cut.text }
    switch value.kind {
    case .string: return value.string ?? ""
    case .array:
      return value.elements.map { $0["text"].map(text) ?? text($0) }.joined(separator: "\n")
    case .object:
      return value.members.map { "\($0.key): \(text($0.value))" }.joined(separator: "\n")
    case .null: return ""
    case .bool, .number: return value.source
    }
  }
}
