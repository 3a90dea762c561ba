import FleetlogEvents
import FleetlogStore

/// A session as Markdown: for a ticket, a review, or another agent to read.
///
/// Whatever it is pasted into, no text of the transcript becomes markup that loads or runs something.
struct SessionMarkdown: ExportParts {
  private let detail: SessionDetail
  private var lanes: SessionLanes
  private let cost: CostText

  init(_ detail: SessionDetail, _ order: ExportOrder) throws {
    var redaction = order.redaction
    self.detail = redaction.detail(detail)
    cost = try SingleSessionPage.cost(of: detail.session, order.kit.prices, order.log)
    lanes = SessionLanes(
      detail, from: order.log, Preparation(redaction, texts: detail.session.events / 2))
  }

  mutating func piece() throws -> [UInt8]? {
    switch try lanes.next() {
    case .events(let events): return Array(events.map(Self.entry).joined().utf8)
    case .begin(let run, _):
      return Array("\n## Sub-agent: \(Self.inline(run.summary))\n\n".utf8)
    case .end: return Array("\n*The sub-agent ends here.*\n\n".utf8)
    case nil: return nil
    }
  }

  func head() -> [UInt8] {
    let session = detail.session
    let facts: [(String, String?)] = [
      ("session", session.id), ("project", session.project), ("agent", session.agent),
      ("model", session.model), ("branch", session.branch),
      ("from", Timestamp.format(session.startedAt)), ("to", Timestamp.format(session.lastAt)),
    ]
    let figures = Figure.all(of: session, contradictions: 0, cost: cost)
    let text =
      "# \(Self.inline(session.heading))\n\n"
      + facts.compactMap { name, value in value.map { "- \(name): \(Self.inline($0))\n" } }.joined()
      + figures.map { "- \($0.value), \($0.label)\n" }.joined()
      + "\nAll times are UTC.\n\n## Transcript\n\n"
    return Array(text.utf8)
  }

  func end() -> [UInt8] {
    let redacted = lanes.preparation.redaction.list.map { "- \($0.kind): \($0.count)\n" }.joined()
    let cut = lanes.preparation.cutTexts
    let text =
      "\n## What is not in this file\n\n"
      + (cut == 0
        ? "No text was cut.\n"
        : "\(Wording.plural(cut, "event holds", "events hold")) texts that were cut, "
          + "\(Wording.bytes(Int64(lanes.preparation.cutBytes))) in all.\n")
      + (!lanes.preparation.redaction.isActive
        ? "\nSecrets were not looked for.\n"
        : redacted.isEmpty
          ? "\nNo secret was recognised.\n" : "\nSecrets taken out:\n\n" + redacted)
    return Array(text.utf8)
  }

  // MARK: Entries

  private static func entry(_ event: StoredEvent) -> String {
    let payload = event.payloadObject
    let time = String(Timestamp.format(event.ts).dropFirst(11).prefix(8))
    func written() -> String { payload?["text"].map(PayloadText.text) ?? event.summary }
    switch event.type {
    case .messageUser:
      let who = event.sourceKind == SourceKind.operator.rawValue ? "You" : "Task"
      return "### \(time) \(who)\n\n\(quote(written()))\n\n"
    case .messageAssistant:
      let prose = EmittedText(written()).prose
      return prose.isEmpty ? "" : "### \(time) Agent\n\n\(quote(prose))\n\n"
    case .messageReasoning: return ""
    case .toolCall: return "- \(time) \(inline(event.summary))\n"
    case .toolResult:
      let result = ToolResult(event, payload)
      guard let output = result.output else { return "" }
      return "\n\(fence(output.folded ?? output.head))\n\n"
    case .llmCallCompleted, .processStarted, .turnCompleted, .heartbeat: return ""
    default:
      let inferred =
        event.isInferred
        ? " (inferred\(event.confidence.map { ", " + Wording.confidence($0) } ?? ""))" : ""
      return "- \(time) **\(event.typeWords)**\(inferred): \(inline(event.summary))\n"
    }
  }

  /// Text in a block whose fence is longer than any in it.
  static func fence(_ text: String) -> String {
    var longest = 0
    var run = 0
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\n\(text.replacing("\r\n", with: "\n").visible)\n\(fence)"
  }

  /// The Markdown that somebody wrote, as a quotation: neither its HTML nor its images come to life.
  static func quote(_ text: String) -> String {
    Excerpt.splitLines(text).map { "> " + harmless(String($0)) }.joined(separator: "\n")
  }

  /// Text within a line.
  static func inline(_ text: String) -> String {
    var line = ""
    for character in harmless(text.oneLine) {
      if "*_`[]\\#".contains(character) { line.append("\\") }
      line.append(character)
    }
    return line
  }

  private static func harmless(_ text: String) -> String {
    text.visible.replacing("<", with: "&lt;").replacing("![", with: "!\\[")
  }
}
