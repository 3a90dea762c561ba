import FleetlogEvents

extension ClaudeAgent {
  /// Whether something waits to be written until more is read.
  var isHolding: Bool {
    claimedEnd != nil || message?.isHolding == true
      || response.map { !$0.isWritten || $0.written != $0.usage } == true
  }

  /// Takes over what the open message has emitted.
  mutating func takeContract() {
    guard let use = message?.takeContract() else { return }
    contract = (contract ?? ContractUse()) + use
  }

  /// A turn begins.
  mutating func beginContract() { contract = contract?.forNextTurn }
}

/// Responses, messages and turns: facts that several records make together, written once the
/// records show them finished.
extension ClaudeFormat {
  /// Writes what is held back for an agent.
  ///
  /// - Parameter isQuiet: whether nothing but silence says that the message is over; one that
  ///   holds nothing back is left open then, lest its later pieces pass for another message's.
  mutating func settleAgent(
    _ key: String, isQuiet: Bool = false, into output: inout FormatOutput
  ) {
    if !isQuiet || memory.agents[key]?.message?.isHolding == true {
      endMessage(key, into: &output)
    }
    writeResponse(key, into: &output)
    guard let agent = memory.agents[key], let end = agent.claimedEnd else { return }
    memory.agents[key]?.claimedEnd = nil
    guard agent.turn == .open else { return }
    let run = run(session: agent.session, agentID: agent.agentID)
    var draft = EventDraft(
      .turnCompleted, ts: end.ts, run: run, sourceKind: .worker, summary: turnSummary(agent, nil))
    draft.sourceRef = run.sessionID
    draft.span = end.span
    draft.idempotencyKey = end.key
    draft.payload.set("proof", "end_turn")
    draft.payload.set("tool_calls", agent.turnCalls)
    describeTurn(of: key, in: &draft)
    memory.agents[key]?.turn = .ended
    output.drafts.append(draft)
  }

  /// A prompt: what was held back before it is finished, and a turn begins.
  mutating func beginTurn(_ place: ClaudePlace, into output: inout FormatOutput) {
    let key = place.run.key
    settleAgent(key, into: &output)
    memory.agents[key]?.turn = .open
    memory.agents[key]?.turnStart = place.record.time
    memory.agents[key]?.turnCalls = 0
    memory.agents[key]?.beginContract()
  }

  /// A turn that was broken off: no proof of its end may come after it.
  mutating func breakTurn(_ place: ClaudePlace, into output: inout FormatOutput) {
    memory.agents[place.run.key]?.claimedEnd = nil
    settleAgent(place.run.key, into: &output)
    memory.agents[place.run.key]?.turn = .ended
  }

  /// Takes a record as proof that the turn is over.
  ///
  /// - Parameters:
  ///   - proof: the proof's name, as the source calls it.
  ///   - duration: the turn's duration in ms, where the source measured it.
  /// - Returns: the event, nil where the turn is known to be over already.
  mutating func endTurn(
    _ place: ClaudePlace, proof: String, duration: Int? = nil, into output: inout FormatOutput
  ) -> EventDraft? {
    let key = place.run.key
    memory.agents[key]?.claimedEnd = nil
    settleAgent(key, into: &output)
    guard let agent = memory.agents[key], agent.turn != .ended else { return nil }
    memory.agents[key]?.turn = .ended
    let elapsed = agent.turnStart.flatMap { start in
      place.record.time.flatMap { $0 >= start ? Int($0 - start) : nil }
    }
    var draft = place.draft(.turnCompleted, .worker, turnSummary(agent, duration ?? elapsed))
    draft.payload.set("proof", proof)
    draft.payload.set("duration_ms", duration)
    draft.payload.set("elapsed_ms", elapsed)
    draft.payload.set("tool_calls", agent.turnCalls)
    describeTurn(of: key, in: &draft)
    return draft
  }

  /// By which model the turn was, and how it kept the event contract.
  private mutating func describeTurn(of key: String, in draft: inout EventDraft) {
    guard var agent = memory.agents[key] else { return }
    draft.payload.set("model_name", agent.response?.model)
    agent.takeContract()
    agent.contract?.describe(in: &draft.payload)
    agent.beginContract()
    memory.agents[key] = agent
  }

  private func turnSummary(_ agent: ClaudeAgent, _ duration: Int?) -> String {
    let time = duration.map { " after " + ToolSummary.duration($0) } ?? ""
    let calls = agent.turnCalls
    return "Turn finished" + time
      + (calls > 0 ? " · " + ToolSummary.count(calls, "tool call") : "")
  }
}

extension ClaudeFormat {
  /// Adds a piece of the assistant's own text, the only place where event blocks count.
  mutating func addText(
    _ text: String, messageID: String, eventKey: String, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) {
    guard var agent = memory.agents[place.run.key] else { return }
    if agent.message == nil {
      let suffix = agent.messageEnds > 0 ? "+\(agent.messageEnds)" : ""
      agent.message = OpenMessage(id: messageID + suffix)
    }
    let piece = OpenMessage.Piece(
      ts: place.ts, isOwnTime: place.record.time != nil, span: place.record.line.span,
      eventKey: eventKey)
    agent.message?.add(text, piece: piece, run: place.run, into: &output)
    memory.agents[place.run.key] = agent
  }

  /// Takes the open message as finished, which only its last line may show.
  private mutating func endMessage(_ key: String, into output: inout FormatOutput) {
    guard let agent = memory.agents[key], var message = agent.message else { return }
    let run = run(session: agent.session, agentID: agent.agentID)
    message.finish(run: run, into: &output)
    memory.agents[key]?.message = message
    memory.agents[key]?.takeContract()
    memory.agents[key]?.message = nil
    memory.agents[key]?.messageEnds += 1
  }

  /// Takes the figures of a response's line. The last line's count, so they wait for it; a line
  /// that says why the response stopped is written at once, and again should they still grow.
  mutating func takeResponse(
    _ record: ClaudeRecord, _ place: ClaudePlace, eventKey: String?,
    into output: inout FormatOutput
  ) {
    guard let message = record.message, var agent = memory.agents[place.run.key] else { return }
    let id = ClaudeFormat.responseID(record)
    let known = agent.response.flatMap { $0.id == id ? $0 : nil }
    let anchor = ClaudeAnchor(place, key: eventKey ?? known?.anchor.key ?? "")
    var response =
      known
      ?? ClaudeResponse(
        id: id, messageID: record.messageID,
        requestID: record.value.name("requestId"), time: record.time, anchor: anchor)
    response.anchor = anchor
    response.model = message.name("model") ?? response.model
    response.stopReason = message.name("stop_reason") ?? response.stopReason
    response.usage = ClaudeFormat.usage(message["usage"]) ?? response.usage
    agent.response = response
    memory.agents[place.run.key] = agent
    if response.stopReason != nil { writeResponse(place.run.key, into: &output) }
  }

  static func responseID(_ record: ClaudeRecord) -> String {
    let message = record.messageID ?? ""
    return message + "\n" + (record.value.name("requestId") ?? "")
  }

  private static func usage(_ value: JSONValue?) -> ClaudeResponse.Usage? {
    guard let value, value.isObject else { return nil }
    func tokens(_ key: String) -> Int { max(0, value[key]?.int ?? 0) }
    return ClaudeResponse.Usage(
      input: tokens("input_tokens"), output: tokens("output_tokens"),
      cacheRead: tokens("cache_read_input_tokens"),
      cacheWrite: tokens("cache_creation_input_tokens"),
      cacheWriteHour: value["cache_creation"]?["ephemeral_1h_input_tokens"]?.int.map { max(0, $0) })
  }

  private mutating func writeResponse(_ key: String, into output: inout FormatOutput) {
    guard let agent = memory.agents[key], let response = agent.response,
      !response.isWritten || response.written != response.usage
    else { return }
    memory.agents[key]?.response?.isWritten = true
    memory.agents[key]?.response?.written = response.usage
    output.drafts.append(
      completedCall(response, run: run(session: agent.session, agentID: agent.agentID)))
  }

  private func completedCall(_ response: ClaudeResponse, run: RunIdentity) -> EventDraft {
    var draft = EventDraft(
      .llmCallCompleted, ts: response.anchor.ts, run: run, sourceKind: .worker,
      summary: PlainText.line(callSummary(response)))
    draft.sourceRef = run.sessionID
    draft.span = response.anchor.span
    draft.relatedKey = response.anchor.key.isEmpty ? nil : response.anchor.key
    draft.payload.set("model_name", response.model)
    if let usage = response.usage {
      draft.payload.set("input_tokens", usage.input)
      draft.payload.set("output_tokens", usage.output)
      draft.payload.set("cache_read_tokens", usage.cacheRead)
      draft.payload.set("cache_write_tokens", usage.cacheWrite)
      if let hour = usage.cacheWriteHour, hour > 0 {
        draft.payload.set("cache_write_1h_tokens", hour)
      }
      draft.payload.set("context_tokens", usage.context)
    }
    draft.payload.set("stop_reason", response.stopReason)
    draft.payload.set("message_id", response.messageID)
    draft.payload.set("request_id", response.requestID)
    draft.dedupeKey = "llm:\(response.messageID ?? ""):\(response.requestID ?? "")"
    draft.version = response.usage?.output ?? 0
    var key = FactKey()
    key.add(response.id)
    if let usage = response.usage {
      for tokens in [usage.input, usage.output, usage.cacheRead, usage.cacheWrite] {
        key.add(tokens)
      }
    }
    draft.idempotencyKey = key.text(prefix: "l", ts: response.time)
    return draft
  }

  private func callSummary(_ response: ClaudeResponse) -> String {
    let model = response.model ?? "Model"
    guard let usage = response.usage else { return "\(model) answered" }
    return "\(model): \(ToolSummary.count(usage.output, "token")) out, \(usage.context) in context"
  }
}
