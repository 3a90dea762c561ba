import FleetlogEvents

/// What was said: prompts, answers, thoughts, and what the program put into the conversation.
extension CodexFormat {
  private static let events = CodexRecord.Family.eventMessage.rawValue
  private static let items = CodexRecord.Family.responseItem.rawValue
  private static let completed = "completedItem"

  // MARK: Records

  mutating func readUserEvent(_ record: CodexRecord, into output: inout FormatOutput) {
    let text = record.payload["message"]?.string ?? ""
    let kind = record.payload["kind"]?.string ?? "plain"
    let images = ["images", "local_images"].map { record.payload[$0]?.elements.count ?? 0 }
    prompt(
      [text], images: images.reduce(0, +), isInjected: kind != "plain", by: Self.events, record,
      into: &output)
  }

  mutating func readMessageItem(_ record: CodexRecord, into output: inout FormatOutput) {
    let content = record.payload["content"] ?? record.payload["message"]
    let texts = CodexRecord.texts(content)
    switch record.payload["role"]?.string {
    case "user":
      let images = content?.elements.count { $0["type"]?.string == "input_image" } ?? 0
      prompt(texts, images: images, isInjected: false, by: Self.items, record, into: &output)
    case "assistant": answer(texts, by: Self.items, record, into: &output)
    default: note(texts.joined(separator: "\n"), record, into: &output)
    }
  }

  /// A message between agents, which the model reads as input; without an author, an answer.
  mutating func readAgentItem(_ record: CodexRecord, into output: inout FormatOutput) {
    let texts = CodexRecord.texts(record.payload["content"] ?? record.payload["message"])
    guard let author = record.payload["author"]?.string else {
      return answer(texts, by: Self.items, record, into: &output)
    }
    let text = texts.joined(separator: "\n")
    guard !text.trimmed.isEmpty else { return }
    var draft = draft(
      .messageUser, record, .worker, "From \(author): " + (PlainText.gist(text) ?? "a message"))
    draft.payload.set("text", text, cap: file.cap)
    draft.payload.set("author", author)
    draft.payload.set("recipient", record.payload["recipient"]?.string)
    emit(draft, record, into: &output)
  }

  mutating func readAssistantEvent(_ record: CodexRecord, into output: inout FormatOutput) {
    answer([record.payload["message"]?.string ?? ""], by: Self.events, record, into: &output)
  }

  mutating func readReasoningEvent(_ record: CodexRecord, into output: inout FormatOutput) {
    think([record.payload["text"]?.string ?? ""], by: Self.events, record, into: &output)
  }

  /// Encrypted reasoning comes to nothing; its summaries do.
  mutating func readReasoningItem(_ record: CodexRecord, into output: inout FormatOutput) {
    let texts =
      CodexRecord.texts(record.payload["summary"]) + CodexRecord.texts(record.payload["content"])
    think(texts, by: Self.items, record, into: &output)
  }

  /// Newer builds tell everything a third time as completed items.
  mutating func readCompletedItem(_ record: CodexRecord, into output: inout FormatOutput) {
    guard let item = record.payload["item"] else { return }
    let content = item["content"] ?? item["text"] ?? item["message"]
    let texts = CodexRecord.texts(content)
    switch item["type"]?.string {
    case "UserMessage":
      prompt(texts, images: 0, isInjected: false, by: Self.completed, record, into: &output)
    case "AgentMessage", "Plan": answer(texts, by: Self.completed, record, into: &output)
    case "Reasoning":
      let thoughts = CodexRecord.texts(item["summary_text"] ?? item["summary"])
      think(
        thoughts + CodexRecord.texts(item["raw_content"]), by: Self.completed, record, into: &output
      )
    case "ContextCompaction": readCompaction(record, into: &output)
    default: enrichCall(id: item["id"]?.string, with: item)
    }
  }

  mutating func readNote(_ record: CodexRecord, into output: inout FormatOutput) {
    let payload = record.payload
    let review = payload["review_output"]
    let text =
      payload["message"]?.string ?? review?["overall_explanation"]?.string
      ?? payload["user_facing_hint"]?.string ?? ""
    let isByOperator = record.kind == "thread_rolled_back"
    var words = record.kind.replacing("_", with: " ")
    words = words.prefix(1).uppercased() + words.dropFirst()
    if let turns = payload["num_turns"]?.int {
      words = "Rolled back " + ToolSummary.count(turns, "turn")
    }
    var draft = draft(
      .messageSystem, record, isByOperator ? .operator : .worker,
      PlainText.gist(text).map { words + ": " + $0 } ?? words)
    draft.payload.set("note", record.kind)
    draft.payload.set("text", text.isEmpty ? nil : text, cap: file.cap)
    draft.payload.set("turns", payload["num_turns"]?.int)
    draft.payload.set("review_output", review, cap: file.cap)
    emit(draft, record, into: &output)
  }

  // MARK: Prompts

  private mutating func prompt(
    _ parts: [String], images: Int, isInjected: Bool, by family: String, _ record: CodexRecord,
    into output: inout FormatOutput
  ) {
    let whole = parts.joined(separator: "\n")
    guard !isInjected, !Injected.isInjected(whole) else {
      return note(whole, record, into: &output)
    }
    let prompt = Prompt(whole)
    let wordings = [prompt.request] + (parts.count > 1 ? parts.map { Prompt($0).request } : [])
    for wording in wordings where !wording.isEmpty {
      if memory.texts.isTold(.prompt, wording, by: family, line: record.line.number) { return }
    }
    guard !prompt.request.isEmpty || images > 0 else { return }
    for wording in wordings where !wording.isEmpty {
      memory.texts.tell(.prompt, wording, by: family, line: record.line.number)
    }
    writeInferredTurnEnd(into: &output)
    var draft = draft(
      .messageUser, record, memory.session.isSubAgent ? .worker : .operator,
      PlainText.gist(prompt.request) ?? ToolSummary.count(images, "image"))
    draft.payload.set("text", prompt.request, cap: file.cap)
    draft.payload.set("editor_context", prompt.editorContext, cap: file.cap)
    draft.payload.set("images", images > 0 ? images : nil)
    emit(draft, record, into: &output)
  }

  /// Text that the program put into the conversation.
  private mutating func note(
    _ text: String, _ record: CodexRecord, into output: inout FormatOutput
  ) {
    guard !text.trimmed.isEmpty else { return }
    var draft = draft(.messageSystem, record, .worker, Injected.summary(of: text))
    draft.payload.set("text", text, cap: file.cap)
    emit(draft, record, into: &output)
  }

  // MARK: Answers and thoughts

  /// One record holds a whole message, so its event blocks are known at once. Only where it ends
  /// inside a block may the next text be its continuation: builds that write a message's parts as
  /// one event each do so back to back.
  private mutating func answer(
    _ parts: [String], by family: String, _ record: CodexRecord, into output: inout FormatOutput
  ) {
    let line = record.line.number
    let parts = parts.filter { !$0.trimmed.isEmpty }
    let whole = parts.joined(separator: "\n")
    guard !parts.isEmpty else { return }
    if memory.texts.isTold(.answer, whole, by: family, line: line) {
      return finishMessage(into: &output)
    }
    let new =
      parts.count == 1
      ? parts : parts.filter { !memory.texts.isTold(.answer, $0, by: family, line: line) }
    guard !new.isEmpty else { return finishMessage(into: &output) }
    for part in new { memory.texts.tell(.answer, part, by: family, line: line) }
    if parts.count > 1 { memory.texts.tell(.answer, whole, by: family, line: line) }

    let text = new.joined(separator: "\n")
    let gist = PlainText.gist(ofReply: text, isInsideBlock: memory.openMessage != nil)
    var draft = draft(.messageAssistant, record, .worker, gist)
    draft.payload.set("text", text, cap: file.cap)
    draft.payload.set("phase", record.payload["phase"]?.string)
    let key = draft.idempotencyKey ?? ""
    emit(draft, record, into: &output)

    let piece = OpenMessage.Piece(ts: record.ts, span: record.line.span, eventKey: key)
    var message = memory.openMessage ?? OpenMessage(id: key)
    for part in new {
      message.add(part, piece: piece, run: memory.session.run, into: &output)
    }
    memory.openMessage = message.endsInsideBlock ? message : nil
    if !message.endsInsideBlock { finish(&message, into: &output) }
    memory.finalMessage = CodexMemory.FinalMessage(
      key: key, ts: record.ts, offset: record.line.offset, length: record.line.span.length)
  }

  private mutating func think(
    _ texts: [String], by family: String, _ record: CodexRecord, into output: inout FormatOutput
  ) {
    for (index, text) in texts.enumerated() where !text.trimmed.isEmpty {
      let line = record.line.number
      if memory.texts.isTold(.thought, text, by: family, line: line) { continue }
      memory.texts.tell(.thought, text, by: family, line: line)
      memory.finalMessage = nil
      var draft = draft(
        .messageReasoning, record, .worker, PlainText.gist(text) ?? "A thought", piece: index)
      draft.payload.set("text", text, cap: file.cap)
      emit(draft, record, into: &output)
    }
  }

  /// A message that ends inside an event block is over when anything but more of it comes.
  mutating func endMessage(before record: CodexRecord, into output: inout FormatOutput) {
    guard memory.openMessage != nil, record.kind != "agent_message", record.kind != "token_count"
    else { return }
    let isAnswer = record.kind == "message" && record.payload["role"]?.string == "assistant"
    if !isAnswer { finishMessage(into: &output) }
  }

  mutating func finishMessage(into output: inout FormatOutput) {
    guard var message = memory.openMessage else { return }
    memory.openMessage = nil
    finish(&message, into: &output)
  }

  private mutating func finish(_ message: inout OpenMessage, into output: inout FormatOutput) {
    message.finish(run: memory.session.run, into: &output)
    memory.contract = (memory.contract ?? ContractUse()) + message.takeContract()
  }
}

/// An operator's request, and what the editor put around it.
private struct Prompt {
  let request: String
  let editorContext: String?

  init(_ text: String) {
    guard text.hasPrefix("# Context from my IDE setup:"),
      let mark = text.firstRange(of: "## My request for Codex:")
    else {
      request = text.trimmed
      editorContext = nil
      return
    }
    request = String(text[mark.upperBound...]).trimmed
    editorContext = String(text[..<mark.lowerBound]).trimmed
  }
}

/// Text in the operator's role that no operator wrote.
private enum Injected {
  private static let marks = [
    ("<environment_context>", "Environment"), ("# AGENTS.md", "Instructions from AGENTS.md"),
    ("<INSTRUCTIONS>", "Instructions"), ("<user_instructions>", "User instructions"),
    ("<turn_aborted>", "The model is told that its turn was interrupted"),
    ("<subagent_notification>", "Word from a sub-agent"), ("<skill>", "A skill"),
    ("<recommended_plugins>", "Recommended plugins"),
    ("<permissions instructions>", "Permissions"), ("<collaboration_mode>", "Collaboration mode"),
    ("<user_shell_command>", "A command of the operator's own"),
  ]

  static func isInjected(_ text: String) -> Bool {
    let start = text.drop(while: \.isWhitespace)
    return marks.contains { start.hasPrefix($0.0) }
  }

  static func summary(of text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    let title = marks.first { start.hasPrefix($0.0) }?.1 ?? "Instructions"
    let body = PlainText.lines(PlainText.head(text)).filter {
      !$0.hasPrefix("<") || $0.contains("</")
    }
    .map(withoutTags).filter { !$0.isEmpty }.joined(separator: ", ")
    return body.isEmpty ? title : title + ": " + PlainText.line(body, limit: 160)
  }

  private static func withoutTags(_ line: String) -> String {
    var text = ""
    var isTag = false
    for character in line {
      if character == "<" {
        isTag = true
      } else if character == ">" {
        if isTag && !text.isEmpty && text.last != " " { text += " " }
        isTag = false
      } else if !isTag {
        text.append(character)
      }
    }
    return text.trimmed
  }
}
