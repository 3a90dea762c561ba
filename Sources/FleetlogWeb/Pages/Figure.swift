import FleetlogEvents

/// One of the figures at the head of a page.
struct Figure: TemplateContext {
  let value: String
  let label: String
  var tone = Tone.idle
  var url: String?

  static let slots: [Slot<Figure>] = [
    .text("value", \.value), .text("label", \.label), .text("tone", \.tone.rawValue),
    .text("url", \.url),
  ]
}

extension Figure {
  /// What a session came to.
  ///
  /// - Parameter cost: nil where prices are not at hand.
  static func all(
    of session: SessionSummary, contradictions: Int, cost: CostText?
  ) -> [Figure] {
    func url(_ narrow: (inout EventFilter) -> Void) -> String {
      var filter = EventFilter()
      filter.sessions = [session.id]
      narrow(&filter)
      return Location.events(filter).description
    }
    let tokens = session.tokens
    var figures = [
      Figure(
        value: Wording.duration(session.lastAt - session.startedAt),
        label: "from first to last event"),
      Figure(
        value: Wording.plural(session.prompts, "prompt"),
        label: session.turns == 0
          ? "no end of a turn recorded" : Wording.plural(session.turns, "turn") + " finished"),
      Figure(
        value: Wording.plural(session.toolCalls, "tool call"),
        label: session.toolErrors == 0
          ? "none failed" : "\(Wording.count(session.toolErrors)) failed"),
      Figure(
        value: Wording.plural(tokens, "token"),
        label: "\(Wording.count(session.outputTokens)) out, "
          + "\(Wording.count(session.cacheReadTokens)) from cache"),
    ]
    if let cost, !cost.text.isEmpty {
      let label =
        cost.note == nil
        ? "at list prices"
        : cost.isKnown ? "tokens without a price left out" : "for these tokens"
      figures.append(
        Figure(
          value: cost.text, label: label,
          url: Location.session(session.id).description + "#usage"))
    }
    if session.subagents > 0 {
      figures.append(Figure(value: Wording.plural(session.subagents, "sub-agent"), label: "below"))
    }
    if session.attention > 0 {
      figures.append(
        Figure(
          value: Wording.plural(session.attention, "event"),
          label: session.attention == 1 ? "asks for attention" : "ask for attention", tone: .wait,
          url: url { $0.attention = true }))
    }
    if contradictions > 0 {
      figures.append(
        Figure(
          value: Wording.plural(contradictions, "contradiction"), label: "inferred", tone: .block,
          url: url { $0.types = [EventType.contradiction.rawValue] }))
    }
    if session.validationErrors > 0 {
      figures.append(
        Figure(
          value: Wording.plural(session.validationErrors, "event"), label: "refused",
          tone: .block, url: url { $0.types = [EventType.validationError.rawValue] }))
    }
    return figures
  }
}
