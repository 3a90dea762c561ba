package import FleetlogEvents

/// The text of an assistant message that may still grow, and how much of what it emits has been
/// written already.
///
/// A message reaches a transcript in pieces: an event block may begin in one and end in the next,
/// and a last line is known to be the last only when the message is over. What is certain is
/// written at once; the rest waits here, in the parser's state.
package struct OpenMessage: Codable, Sendable, Equatable {
  /// What identifies the message in every copy of the transcript, such as its API id.
  package let id: String
  /// As much of the text as what follows may have to be read with.
  private var text = ""
  /// Bytes of the message before ``text``.
  private var spent: Int?
  private var reported = 0
  /// Whether the text so far ends inside an event block.
  package private(set) var endsInsideBlock = false
  /// The blocks that were found in it and not been asked for yet.
  private var contract: ContractUse?
  /// The piece that came last, for what is reported when the message ends.
  private var lastPiece: Piece?

  /// Where a piece of the message stood.
  package struct Piece: Codable, Sendable, Equatable {
    /// ms since the Unix epoch.
    package let ts: Int64
    package let offset: Int64
    package let length: Int64
    /// The key of the `message.assistant` event that holds the piece.
    package let eventKey: String
    /// Set where ``ts`` is not the record's own time: what was borrowed may differ from copy to
    /// copy, so that no key may hold it.
    private let hasBorrowedTime: Bool?

    package init(ts: Int64, isOwnTime: Bool = true, span: SourceSpan, eventKey: String) {
      self.ts = ts
      hasBorrowedTime = isOwnTime ? nil : true
      self.offset = span.offset
      self.length = span.length
      self.eventKey = eventKey
    }

    fileprivate var keyTime: Int64? { hasBorrowedTime == true ? nil : ts }
  }

  /// The longest text that is kept for a message whose pieces are still coming, in bytes.
  private static let limit = 4 << 20

  package init(id: String) { self.id = id }

  /// Whether the message's end would bring anything to light.
  package var isHolding: Bool { endsInsideBlock || text.contains(bytesOf: EventBlock.carrier) }

  /// Adds a piece and writes what is certain by now.
  package mutating func add(
    _ text: String, piece: Piece, run: RunIdentity, into output: inout FormatOutput
  ) {
    if self.text.utf8.count + text.utf8.count <= Self.limit {
      if !self.text.isEmpty && !endsInsideBlock { self.text += "\n" }
      self.text += text
    }
    lastPiece = piece
    report(isComplete: false, run: run, into: &output)
    if EventBlock.isSpent(self.text) {
      spent = (spent ?? 0) + self.text.utf8.count + 1
      self.text = ""
    }
  }

  /// Writes what only the end of the message shows.
  package mutating func finish(run: RunIdentity, into output: inout FormatOutput) {
    report(isComplete: true, run: run, into: &output)
    text = ""
    endsInsideBlock = false
  }

  /// What the message has emitted since this was asked last.
  package mutating func takeContract() -> ContractUse {
    defer { contract = nil }
    return contract ?? ContractUse()
  }

  private mutating func report(
    isComplete: Bool, run: RunIdentity, into output: inout FormatOutput
  ) {
    guard let lastPiece else { return }
    let scan = EventBlock.scan(text, isComplete: isComplete)
    let writer = EmissionWriter(messageID: id, piece: lastPiece, run: run)
    for (index, finding) in scan.findings.enumerated().dropFirst(reported) {
      let use = writer.write(finding, index: index, from: spent ?? 0, into: &output)
      contract = (contract ?? ContractUse()) + use
    }
    reported = max(reported, scan.findings.count)
    endsInsideBlock = scan.endsInsideBlock
  }
}

/// Turns what was found in a message into drafts.
private struct EmissionWriter {
  let messageID: String
  let piece: OpenMessage.Piece
  let run: RunIdentity

  private var span: SourceSpan { SourceSpan(offset: piece.offset, length: piece.length) }

  /// - Parameter start: bytes of the message before what was scanned.
  /// - Returns: how the finding keeps the contract.
  func write(
    _ finding: EventBlock.Finding, index: Int, from start: Int, into output: inout FormatOutput
  ) -> ContractUse {
    switch finding {
    case .block(let body, let offset):
      let block = EventContract.admit(block: body)
      write(block, at: index, offset: start + offset, into: &output)
      return ContractUse(block)
    case .summaryLine(let body, let offset):
      switch EventContract.admit(summaryLine: body) {
      case .success(let event):
        output.drafts.append(draft(event, [index, 0], nil))
        return .valid
      case .failure(let refusal):
        output.drafts.append(validationError(refusal, [index, 0], offset: start + offset))
        return .refused
      }
    case .broken(let reason, let text, let offset):
      let refusal = EventContract.Refusal(reason: reason, text: text, index: nil)
      output.drafts.append(validationError(refusal, [index, 0], offset: start + offset))
      return .refused
    case .fenced(let text, let offset):
      output.problems.append(
        SourceProblem(
          kind: .fencedBlock, span: span,
          reason:
            "an event block in a code fence, taken as an example, at byte \(start + offset) of the "
            + "message: \(text.oneLine(limit: 200))"))
      return ContractUse()
    }
  }

  private func write(
    _ block: EventContract.BlockResult, at index: Int, offset: Int,
    into output: inout FormatOutput
  ) {
    for (place, event) in block.events.enumerated() {
      output.drafts.append(draft(event, [index, 1, place], block.contractVersion))
    }
    for (place, refusal) in block.refusals.enumerated() {
      output.drafts.append(validationError(refusal, [index, 2, place], offset: offset))
    }
    if let summary = block.turnSummary {
      var draft = EventDraft(
        .turnSummary, ts: piece.ts, run: run, sourceKind: .worker, summary: summary.oneLine,
        provenance: "worker")
      if draft.summary != summary { draft.payload.set("text", summary) }
      draft.payload.set("contract_version", block.contractVersion)
      finish(&draft, [index, 3])
      output.drafts.append(draft)
    }
  }

  private func draft(
    _ event: AdmittedEvent, _ place: [Int], _ contractVersion: String?
  ) -> EventDraft {
    var draft = EventDraft(
      event, ts: event.ts ?? piece.ts, run: run, sourceKind: .worker, summary: event.summary,
      provenance: "worker")
    if !draft.payload.contains("_contract_version") {
      draft.payload.set("_contract_version", contractVersion)
    }
    finish(&draft, place)
    if let key = event.idempotencyKey {
      draft.aliasKey = draft.idempotencyKey
      draft.idempotencyKey = WorkerKey.prefixed(key, session: run.sessionID ?? run.key)
    }
    draft.links += event.links.map { link in
      .byWorker(
        link.relation, WorkerKey.prefixed(link.target, session: run.sessionID ?? run.key))
    }
    return draft
  }

  private func validationError(
    _ refusal: EventContract.Refusal, _ place: [Int], offset: Int
  ) -> EventDraft {
    var draft = EventDraft(
      .validationError, ts: piece.ts, run: run, sourceKind: .system,
      summary: "Refused from \(run.instanceID): \(refusal.reason)".oneLine)
    draft.payload.set("reason", refusal.reason)
    draft.payload.set("position", offset)
    draft.payload.set("event_index", refusal.index)
    draft.payload.set("text", refusal.text)
    finish(&draft, place)
    draft.links.append(.byRule("stands_in_message", .causedBy, .idempotencyKey(piece.eventKey)))
    return draft
  }

  private func finish(_ draft: inout EventDraft, _ place: [Int]) {
    var key = FactKey()
    key.add(messageID)
    for number in place { key.add(number) }
    key.add(draft.type.rawValue)
    key.add(draft.payload.bytes)
    key.add(draft.summary)
    draft.idempotencyKey = key.text(prefix: "e", ts: piece.keyTime)
    draft.sourceRef = run.sessionID
    draft.span = span
    draft.relatedKey = piece.eventKey
  }
}

/// A worker's own idempotency keys, which are its session's and nobody else's.
package enum WorkerKey {
  package static func prefixed(_ key: String, session: String?) -> String {
    "w:\(session ?? ""):\(key)"
  }

  static func prefixed(_ target: LinkDraft.Target, session: String?) -> LinkDraft.Target {
    guard case .idempotencyKey(let key) = target, !key.hasPrefix("w:") else { return target }
    return .idempotencyKey(prefixed(key, session: session))
  }
}
