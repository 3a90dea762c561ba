import FleetlogEvents

/// `user` lines: prompts, what the machinery puts in their place, and the results of tools.
extension ClaudeFormat {
  mutating func readUser(_ place: ClaudePlace, into output: inout FormatOutput) {
    let record = place.record
    guard let blocks = record.blocks else {
      output.skip(record.line, "a user record whose message has no content")
      return
    }
    if record.value["isCompactSummary"]?.bool == true {
      return readCompactSummary(place, blocks, into: &output)
    }
    for (index, block) in blocks.enumerated() where block.isToolResult {
      readToolResult(block.value, at: index, place, into: &output)
    }
    let rest = blocks.filter { !$0.isToolResult }
    if !rest.isEmpty {
      // Beside a tool's result stands what the tool came to, even where its block is malformed.
      let isMeta = record.isMeta || ClaudeRecord.toolUseResult(record.value) != nil
      readInput(rest, isMeta: isMeta, isQueued: false, place, into: &output)
    }
  }

  /// Takes text and attachments that were put before the model.
  ///
  /// - Parameters:
  ///   - isMeta: whether the source says that the operator did not write it.
  ///   - isQueued: whether it was typed while a turn was running, which it does not end.
  mutating func readInput(
    _ blocks: [ClaudeBlock], isMeta: Bool, isQueued: Bool, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) {
    var prompt: [ClaudeBlock] = []
    for (index, block) in blocks.enumerated() {
      guard let text = block.text, block.kind == "text" else {
        prompt.append(block)
        continue
      }
      if ClaudeInput.isInterrupt(text) {
        breakTurn(place, into: &output)
        var draft = place.draft(
          .messageSystem, .operator, "Interrupted by the operator", piece: index)
        draft.payload.set("interrupted", true)
        draft.payload.set("text", text, cap: file.cap)
        output.drafts.append(draft)
      } else if isMeta || ClaudeInput.isMachinery(text) {
        var draft = place.draft(
          .messageSystem, .worker, ClaudeInput.words(of: text), piece: index)
        draft.payload.set("text", text, cap: file.cap)
        ClaudeInput.describeNotification(text, in: &draft.payload)
        if isMeta { draft.payload.set("injected", true) }
        output.drafts.append(draft)
      } else {
        prompt.append(block)
      }
    }
    if !prompt.isEmpty {
      writePrompt(prompt, isMeta: isMeta, isQueued: isQueued, place, into: &output)
    }
  }

  private mutating func writePrompt(
    _ blocks: [ClaudeBlock], isMeta: Bool, isQueued: Bool, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) {
    if isQueued {
      settleAgent(place.run.key, into: &output)
    } else if !isMeta {
      beginTurn(place, into: &output)
    }
    let text = blocks.filter { $0.kind == "text" }.compactMap(\.text).joined(separator: "\n\n")
    let media = blocks.filter { $0.kind != "text" }
    var draft = place.draft(
      isMeta ? .messageSystem : .messageUser,
      isMeta || (place.isSubagent && !place.record.isHuman) ? .worker : .operator,
      ClaudeInput.promptWords(text, media: media))
    if !text.isEmpty { draft.payload.set("text", text, cap: file.cap) }
    ClaudeInput.describe(media, in: &draft.payload)
    if isQueued { draft.payload.set("queued", true) }
    output.drafts.append(draft)
  }

  private mutating func readCompactSummary(
    _ place: ClaudePlace, _ blocks: [ClaudeBlock], into output: inout FormatOutput
  ) {
    settleAgent(place.run.key, into: &output)
    let isAnnounced = memory.compactedSession == place.run.sessionID
    memory.compactedSession = nil
    let text = blocks.compactMap(\.text).joined(separator: "\n\n")
    var draft = place.draft(
      isAnnounced ? .messageSystem : .contextCompacted, .worker,
      isAnnounced ? "What was kept of the conversation" : "Conversation summarised to make room")
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
  }
}

/// What the text of a `user` line is, and how it reads in one line.
enum ClaudeInput {
  static func isInterrupt(_ text: String) -> Bool {
    begins(text, with: "[Request interrupted by user")
  }

  /// Text that Claude Code writes into the conversation itself.
  static func isMachinery(_ text: String) -> Bool {
    machinery.contains { begins(text, with: $0) }
  }

  private static let machinery = [
    "<command-name>", "<local-command-stdout>", "<local-command-stderr>",
    "<local-command-caveat>", "Caveat:", "<bash-input>", "<bash-stdout>", "<bash-stderr>",
    "<system-reminder>", "<task-notification>", "<teammate-message", "Stop hook feedback:",
    "This session is being continued",
  ]

  private static func begins(_ text: String, with start: String) -> Bool {
    let utf8 = text.utf8.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return utf8.starts(with: start.utf8)
  }

  static func promptWords(_ text: String, media: [ClaudeBlock]) -> String {
    if let command = command(in: text) { return command }
    if let gist = PlainText.gist(withoutContext(text)) ?? PlainText.gist(text) { return gist }
    let kinds = media.map { $0.kind.isEmpty ? "attachment" : $0.kind }
    return kinds.isEmpty ? "An empty prompt" : "Sent: " + kinds.joined(separator: ", ")
  }

  static func words(of text: String) -> String {
    let head = PlainText.head(text)
    if let command = command(in: head) { return command }
    if let input = element("bash-input", head) { return "! " + input }
    for tag in ["local-command-stdout", "bash-stdout", "local-command-stderr", "bash-stderr"] {
      guard begins(head, with: "<\(tag)>") else { continue }
      let output = (element(tag, head) ?? "").trimmed
      let isEmpty = output.isEmpty || output == "(no content)"
      return isEmpty ? "The command printed nothing" : "The command printed: " + output
    }
    if begins(head, with: "<task-notification>") {
      return element("summary", head) ?? "A background task reported"
    }
    if begins(head, with: "<teammate-message") { return teammate(head) }
    if begins(head, with: "<system-reminder>") {
      return "Reminder: " + (PlainText.gist(element("system-reminder", head) ?? head) ?? "")
    }
    let plain = element("local-command-caveat", head) ?? head
    return PlainText.gist(plain) ?? "An empty note"
  }

  /// Which background task reported, a shell's or an agent's, and what became of it.
  static func describeNotification(_ text: String, in payload: inout JSONObject) {
    let head = PlainText.head(text)
    guard begins(head, with: "<task-notification>") else { return }
    payload.set("background_task_id", element("task-id", head)?.trimmed)
    payload.set("status", element("status", head)?.trimmed)
  }

  /// `<command-name>/clear</command-name>…` → "/clear" with its arguments.
  private static func command(in text: String) -> String? {
    guard begins(text, with: "<command-name>") || begins(text, with: "<command-message>"),
      let name = element("command-name", text)
    else { return nil }
    let arguments = (element("command-args", text) ?? "").trimmed
    return (name.trimmed + " " + arguments).trimmed
  }

  private static func teammate(_ text: String) -> String {
    let tag = text.prefix { $0 != ">" }
    let body = text.dropFirst(tag.count + 1)
    let end = body.firstRange(of: "</teammate-message>")?.lowerBound ?? body.endIndex
    let from = attribute("teammate_id", tag) ?? "a teammate"
    let gist = attribute("summary", tag) ?? PlainText.gist(String(body[..<end]))
    return "Message from \(from)" + (gist.map { ": " + $0 } ?? "")
  }

  private static func attribute(_ name: String, _ tag: Substring) -> String? {
    guard let start = tag.firstRange(of: name + "=\"") else { return nil }
    return String(tag[start.upperBound...].prefix { $0 != "\"" })
  }

  /// The text inside an element, as far as it is there.
  static func element(_ name: String, _ text: String) -> String? {
    guard let start = text.firstRange(of: "<\(name)>") else { return nil }
    let rest = text[start.upperBound...]
    return String(rest[..<(rest.firstRange(of: "</\(name)>")?.lowerBound ?? rest.endIndex)])
  }

  /// The text without what an editor put before it.
  private static func withoutContext(_ text: String) -> String {
    var rest = Substring(PlainText.head(text))
    for tag in ["ide_opened_file", "ide_selection", "ide_diagnostics"] {
      guard rest.hasPrefix("<\(tag)>"), let end = rest.firstRange(of: "</\(tag)>") else { continue }
      rest = Substring(String(rest[end.upperBound...]).trimmed)
    }
    return String(rest)
  }

  /// Notes what kind of media came along and how big they are, not the media themselves.
  static func describe(_ media: [ClaudeBlock], in payload: inout JSONObject) {
    guard !media.isEmpty else { return }
    payload.set("attachments", media.map { description(of: $0.value) })
  }

  static func description(of block: JSONValue) -> JSONObject {
    var object = JSONObject()
    let source = block["source"]
    object.set("type", block.name("type"))
    object.set("media_type", source?.name("media_type"))
    object.set("title", block.name("title"))
    if let data = source?["data"] { object.set("bytes", data.rawStringLength / 4 * 3) }
    return object
  }
}
