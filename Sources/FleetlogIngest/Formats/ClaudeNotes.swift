import FleetlogEvents

/// Records without a message: titles, modes, links, the queue, and kinds that are not known.
extension ClaudeFormat {
  mutating func readNote(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    switch place.record.kind {
    case "summary": readTitle("summary", of: "summary", place, into: &output)
    case "custom-title": readTitle("customTitle", of: "custom", place, into: &output)
    case "ai-title": readTitle("aiTitle", of: "ai", place, into: &output)
    case "agent-name": readTitle("agentName", of: "agent_name", place, into: &output)
    case "pr-link": readPullRequest(place, into: &output)
    case "queue-operation": readQueueOperation(place, into: &output)
    case "file-history-snapshot": readSnapshot(place, into: &output)
    case "permission-mode":
      set("permission_mode", value.name("permissionMode"), "Permission mode", place, into: &output)
    case "mode": set("mode", value.name("mode"), "Mode", place, into: &output)
    case "last-prompt":
      set("last_prompt", value["lastPrompt"]?.string, "Last prompt", place, into: &output)
    case "worktree-state": copy("worktree_state", "The worktree", place, into: &output)
    case "relocated": copy("relocated", "The session moved", place, into: &output)
    case "cost-state": readCost(place, into: &output)
    case "file-history-delta": readFileCheckpoint(place, into: &output)
    // State of the program, and requests as they were sent, which repeat the conversation.
    case "atis-latch", "tools-used", "api-request", "api-request-shape", "api-request-blob": return
    default: readUnknown(place, into: &output)
    }
  }

  /// A title. A `summary` names by `leafUuid` the conversation that it is of, often another one
  /// than the file's: only one whose leaf stood just before is taken for this session's title.
  private func readTitle(
    _ field: String, of source: String, _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    let value = place.record.value
    guard let title = value[field]?.string, !title.trimmed.isEmpty else {
      output.skip(place.record.line, "a \(place.record.kind) record without its text")
      return
    }
    let leaf = value.name("leafUuid")
    let isOwn = leaf.map(memory.recentUUIDs.contains) ?? true
    let start = isOwn ? "Title: " : "Title of an earlier conversation: "
    var draft = place.draft(.contextSet, .worker, start + title)
    draft.payload.set(isOwn ? "title" : "other_title", title, cap: file.cap)
    draft.payload.set("title_source", source)
    draft.payload.set("leaf_uuid", leaf)
    output.drafts.append(draft)
  }

  private func readPullRequest(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let number = value["prNumber"]?.int
    let repository = value.name("prRepository")
    let name = [repository ?? "", number.map { "#\($0)" } ?? ""].joined()
    var artifact = ArtifactReference(
      kind: "github_pr", url: value.name("prUrl"), title: name.isEmpty ? nil : name,
      ref: number.map(String.init), source: "worker")
    artifact.url = artifact.webURL
    var draft = place.draft(
      .observationRecorded, .worker, "Pull request " + (name.isEmpty ? artifact.url ?? "" : name))
    draft.payload.set("pr_number", number)
    draft.payload.set("pr_url", value.name("prUrl"))
    draft.payload.set("pr_repository", repository)
    if artifact.url != nil || artifact.ref != nil { draft.artifacts = [artifact] }
    output.drafts.append(draft)
  }

  /// What was done with prompts typed while a turn ran. The prompt itself comes later, as a
  /// `user` line or an attachment.
  private func readQueueOperation(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let content = value["content"]
    let blocks = content.map { $0.isArray ? $0.elements.map(ClaudeBlock.init) : [ClaudeBlock($0)] }
    let text = (blocks ?? []).compactMap(\.text).joined(separator: "\n\n")
    let start =
      switch value.name("operation") {
      case "enqueue": "Queued"
      case "dequeue": "Took what was queued"
      case "remove": "Removed from the queue"
      case let other: "Queue: " + (other ?? "changed")
      }
    let words = text.isEmpty ? "" : ": " + ClaudeInput.promptWords(text, media: [])
    var draft = place.draft(.messageSystem, .worker, start + words)
    if !text.isEmpty { draft.payload.set("text", text, cap: file.cap) }
    output.drafts.append(draft)
  }

  private func readSnapshot(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let files = value["snapshot"]?["trackedFileBackups"]?.members.map(\.key) ?? []
    var draft = place.draft(
      .observationRecorded, .worker,
      files.isEmpty ? "Checkpoint" : "Checkpoint of " + ToolSummary.count(files.count, "file"))
    draft.payload.set("message_id", value.name("messageId"))
    if !files.isEmpty { draft.payload.set("files", files.prefix(100).map { String($0) }) }
    if value["isSnapshotUpdate"]?.bool == true { draft.payload.set("is_update", true) }
    output.drafts.append(draft)
  }

  private func set(
    _ key: String, _ text: String?, _ name: String, _ place: ClaudePlace,
    into output: inout FormatOutput
  ) {
    guard let text, !text.isEmpty else {
      output.skip(place.record.line, "a \(place.record.kind) record without its value")
      return
    }
    let words = PlainText.gist(text) ?? text
    var draft = place.draft(.contextSet, .worker, "\(name): \(words)")
    draft.payload.set(key, text, cap: file.cap)
    output.drafts.append(draft)
  }

  private func copy(
    _ key: String, _ words: String, _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    var draft = place.draft(.contextSet, .worker, words)
    draft.payload.set(key, place.record.value, cap: file.cap)
    output.drafts.append(draft)
  }

  private func readFileCheckpoint(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let path = value.name("trackingPath")
    let words = path.map { ": " + ToolSummary.path($0, cwd: place.record.cwd) } ?? ""
    var draft = place.draft(.observationRecorded, .worker, "Checkpoint of a file" + words)
    draft.payload.set("message_id", value.name("messageId"))
    draft.payload.set("path", path)
    output.drafts.append(draft)
  }

  /// What the agent says it has cost so far: its own word, which no sum takes in.
  private func readCost(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let cost = value["totalCostUSD"]?.double.flatMap { (0..<1e9).contains($0) ? $0 : nil }
    var draft = place.draft(
      .messageSystem, .worker,
      "By its own count" + (cost.map { " $" + RunConclusion.dollars($0) } ?? "") + " so far")
    draft.payload.set("record_kind", place.record.kind)
    draft.payload.set("total_cost_usd", cost)
    draft.payload.set("model_usage", value["modelUsage"], cap: file.cap)
    output.drafts.append(draft)
  }

  private func readUnknown(_ place: ClaudePlace, into output: inout FormatOutput) {
    let kind = place.record.kind
    let words = kind.isEmpty ? "a record without a kind" : "unknown record kind \(kind)"
    let line = PlainText.line(words)
    var draft = place.draft(
      .workerObservation, .worker, line.prefix(1).uppercased() + line.dropFirst())
    draft.payload.set("record", place.record.value, cap: file.cap)
    output.drafts.append(draft)
    output.problems.append(
      SourceProblem(kind: .unknownRecord, span: place.record.line.span, reason: line))
  }
}
