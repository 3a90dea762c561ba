import FleetlogEvents

/// `assistant` lines: the model's text, thinking and tool calls, and what its response used.
extension ClaudeFormat {
  private static let syntheticModel = "<synthetic>"

  mutating func readAssistant(_ place: ClaudePlace, into output: inout FormatOutput) {
    let record = place.record
    if record.value["isApiErrorMessage"]?.bool == true {
      return readAPIErrorMessage(place, into: &output)
    }
    let blocks = record.blocks
    if blocks == nil, record.message?["usage"] == nil {
      output.skip(record.line, "an assistant record whose message has neither content nor usage")
      return
    }
    if memory.compactedSession == place.run.sessionID { memory.compactedSession = nil }
    if record.message?.name("model") == Self.syntheticModel {
      return readSynthetic(blocks ?? [], place, into: &output)
    }
    let messageID = record.messageID ?? ""
    openResponse(messageID, place, into: &output)
    var eventKey: String?
    for (index, block) in (blocks ?? []).enumerated() {
      if let key = readBlock(block, at: index, messageID: messageID, place, into: &output) {
        eventKey = key
      }
    }
    takeResponse(record, place, eventKey: eventKey, into: &output)
    if record.message?.name("stop_reason") == "end_turn" {
      takeEndOfTurn(blocks ?? [], place, into: &output)
    }
  }

  /// Finishes the response before, and opens a turn if none is open; a further line of a response
  /// that ended the turn does not.
  private mutating func openResponse(
    _ messageID: String, _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    let key = place.run.key
    guard let agent = memory.agents[key] else { return }
    let isNewMessage = agent.messageID != messageID
    if isNewMessage || agent.response?.id != ClaudeFormat.responseID(place.record) {
      settleAgent(key, into: &output)
    }
    guard isNewMessage else { return }
    memory.agents[key]?.messageID = messageID
    memory.agents[key]?.messageEnds = 0
    guard agent.turn != .open || memory.agents[key]?.turn == .ended else { return }
    memory.agents[key]?.turn = .open
    memory.agents[key]?.turnStart = nil
    memory.agents[key]?.turnCalls = 0
  }

  /// A line that holds but the thinking may say that the turn ended while the text is still to
  /// come on the next one, so its claim waits. The response names the fact, not the line.
  private mutating func takeEndOfTurn(
    _ blocks: [ClaudeBlock], _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    var key = FactKey()
    key.add(ClaudeFormat.responseID(place.record))
    let turnKey = key.text(prefix: "u", ts: nil)
    if blocks.allSatisfy({ $0.kind.hasSuffix("thinking") }) {
      memory.agents[place.run.key]?.claimedEnd = ClaudeAnchor(
        place, key: turnKey)
    } else if var draft = endTurn(place, proof: "end_turn", into: &output) {
      draft.idempotencyKey = turnKey
      output.drafts.append(draft)
    }
  }

  /// - Returns: the key of the block's event.
  private mutating func readBlock(
    _ block: ClaudeBlock, at index: Int, messageID: String, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) -> String? {
    if block.isToolCall { return readToolCall(block.value, at: index, place, into: &output) }
    if block.isToolResult {
      return readToolResult(block.value, at: index, place, into: &output)
    }
    switch block.kind {
    case "text":
      guard let text = block.text, !text.trimmed.isEmpty else { return nil }
      return readText(text, at: index, messageID: messageID, place, into: &output)
    case "thinking", "redacted_thinking":
      let text = block.value["thinking"]?.string ?? ""
      var draft = place.draft(
        .messageReasoning, .worker, PlainText.gist(text) ?? "Thinking that is not shown",
        piece: index)
      if !text.isEmpty { draft.payload.set("text", text, cap: file.cap) }
      output.drafts.append(draft)
      return draft.idempotencyKey
    case "fallback":
      var draft = place.draft(.messageSystem, .worker, "Another model took over", piece: index)
      draft.payload.set("fallback", block.value, cap: file.cap)
      output.drafts.append(draft)
      return draft.idempotencyKey
    default:
      return readUnknownBlock(block.value, at: index, place, into: &output)
    }
  }

  private mutating func readText(
    _ text: String, at index: Int, messageID: String, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) -> String? {
    let isInsideBlock = memory.agents[place.run.key]?.message?.endsInsideBlock ?? false
    let gist = PlainText.gist(ofReply: text, isInsideBlock: isInsideBlock)
    var draft = place.draft(.messageAssistant, .worker, gist, piece: index)
    draft.payload.set("text", text, cap: file.cap)
    if place.record.value["isAbortedMidStream"]?.bool == true { draft.payload.set("aborted", true) }
    output.drafts.append(draft)
    guard let key = draft.idempotencyKey else { return nil }
    addText(text, messageID: messageID, eventKey: key, place, into: &output)
    return key
  }

  private func readUnknownBlock(
    _ block: JSONValue, at index: Int, _ place: ClaudePlace, into output: inout FormatOutput
  ) -> String? {
    let kind = block.name("type") ?? "without a type"
    var draft = place.draft(
      .workerObservation, .worker, "A block of unknown kind: \(kind)", piece: index)
    draft.payload.set("block", block, cap: file.cap)
    output.drafts.append(draft)
    output.problems.append(
      SourceProblem(
        kind: .unknownRecord, span: place.record.line.span,
        reason: "an assistant record with a block of unknown kind: \(PlainText.line(kind))"))
    return draft.idempotencyKey
  }
}

/// Lines that have the shape of a response and are none.
extension ClaudeFormat {
  private mutating func readAPIErrorMessage(
    _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    let value = place.record.value
    let text = (place.record.blocks ?? []).compactMap(\.text).joined(separator: "\n")
    breakTurn(place, into: &output)
    let error = value.name("error")
    var draft = place.draft(
      .llmCallFailed, .worker,
      PlainText.gist(text) ?? "The model call failed: " + (error ?? "no reason given"))
    draft.payload.set("error", error)
    draft.payload.set("status", value["apiErrorStatus"]?.int)
    draft.payload.set("will_retry", false)
    draft.payload.set("text", text, cap: file.cap)
    draft.payload.set("request_id", value.name("requestId"))
    output.drafts.append(draft)
  }

  /// Text in the model's place that Claude Code wrote, such as "No response requested.".
  private func readSynthetic(
    _ blocks: [ClaudeBlock], _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    for (index, block) in blocks.enumerated() {
      let text = block.text ?? ""
      var draft = place.draft(
        .messageSystem, .worker, PlainText.gist(text) ?? "An empty reply", piece: index)
      if !text.isEmpty { draft.payload.set("text", text, cap: file.cap) }
      output.drafts.append(draft)
    }
  }
}
