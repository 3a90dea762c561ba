import FleetlogEvents

/// Tool calls, and the results that answer them.
extension ClaudeFormat {
  /// - Returns: the key of the call's event.
  mutating func readToolCall(
    _ block: JSONValue, at index: Int, _ place: ClaudePlace, into output: inout FormatOutput
  ) -> String? {
    let tool = block.name("name") ?? ""
    let input = block["input"]
    let label = ToolSummary.call(tool, input: input, cwd: place.record.cwd)
    var draft = place.draft(.toolCall, .worker, label, piece: index)
    let id = block.name("id")
    draft.payload.set("tool", tool)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("input", input, cap: file.cap)
    output.drafts.append(draft)
    memory.agents[place.run.key]?.turnCalls += 1
    guard let id, let key = draft.idempotencyKey else { return draft.idempotencyKey }
    let prompt = ClaudeFormat.isSpawningTool(tool) ? input?["prompt"]?.string : nil
    memory.calls.put(
      ClaudeCall(
        key: key, tool: tool, label: PlainText.line(label, limit: 200), time: place.record.time,
        ts: place.ts, prompt: prompt.map(ClaudeFormat.fingerprint),
        session: place.run.sessionID ?? "", agentID: agentID(of: place.record)),
      for: id)
    return key
  }

  /// - Returns: the key of the result's event.
  @discardableResult
  mutating func readToolResult(
    _ block: JSONValue, at index: Int, _ place: ClaudePlace, into output: inout FormatOutput
  ) -> String? {
    let id = block.name("tool_use_id")
    let call = id.flatMap { memory.calls[$0] }
    let result = ClaudeToolResult(
      block: block, record: place.record.value, tool: call?.tool ?? "", label: call?.label)
    let isOperators = result.isDenied || result.isAnswer
    var draft = place.draft(
      .toolResult, isOperators ? .operator : .worker, result.words(cwd: place.record.cwd),
      piece: index)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("tool", call?.tool)
    draft.payload.set("is_error", result.isError)
    result.describe(in: &draft.payload, cap: file.cap)
    // From the call's record to the result's: the tool's own time and any wait for approval.
    if let start = call?.time, let end = place.record.time, end >= start {
      draft.payload.set("elapsed_ms", end - start)
    }
    if let call {
      draft.relatedKey = call.key
      draft.links.append(.byRule("tool_use_id", .causedBy, .idempotencyKey(call.key)))
    }
    output.drafts.append(draft)
    if let id, let call, ClaudeFormat.isSpawningTool(call.tool),
      let child = ClaudeFormat.spawnedAgent(result: result.structured, text: result.text)
    {
      linkSpawn(by: id, of: child.id, rule: child.rule, into: &output)
    }
    return draft.idempotencyKey
  }
}
