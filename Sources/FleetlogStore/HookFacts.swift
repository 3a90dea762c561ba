import FleetlogEvents

/// Facts that an agent's hook tells as well as its transcript.
extension EventWriter {
  /// The rule in the metadata of the `supersedes` link from the fuller telling of a fact to the
  /// one that stood in for it.
  static let betterTelling = "better_telling"

  /// The start of a run as somebody tells it who is believed more than the teller so far: the event
  /// that is there stays the run's own, since its id is the run's, and this one supersedes it.
  ///
  /// - Returns: nil where there is no better telling.
  func told(
    _ draft: EventDraft, over known: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) -> EventDraft? {
    guard draft.type == .processStarted, known.type == .processStarted,
      Teller(known.provenance) < Teller(draft.provenance)
    else { return nil }
    try runs.attach(draft)
    // Links from and to a run's start are those of the event that bears its id.
    commit.result.links += try links.add(draft.links, of: known, now: commit.now)
    var told = draft
    told.idempotencyKey = draft.run.key + ":told"
    told.links = []
    if try !isStored(told) {
      told.links = [.byRule(Self.betterTelling, .supersedes, .eventID(known.id))]
      note(revised: [draft.run.sessionID], &commit)
      try synthesis?.takeRevision(of: known.runID, cause: commit.nextID)
    }
    return told
  }

  /// Links the better of two tellings of a turn's end to the other, which no longer counts.
  func supersede(
    _ event: StoredEvent, by better: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) {
    let link = LinkDraft.byRule(Self.betterTelling, .supersedes, .eventID(event.id))
    commit.result.links += try links.add([link], of: better, now: commit.now)
    contract.uncount(event)
    note(revised: [event.sessionID], &commit)
    try synthesis?.takeRevision(of: event.runID, cause: better.id)
  }
}

/// Who tells of a fact that others tell of too, whoever is believed least first.
enum Teller: Comparable {
  case inference
  case hook
  /// A record, or what stands in for one where it was not read yet.
  case transcript
  /// The process itself, which logged it.
  case worker

  init(_ provenance: String?) {
    self =
      switch provenance {
      case nil, "worker": .worker
      case let text? where text.hasPrefix(EventDraft.hookProvenance): .hook
      case let text? where text.hasPrefix(EventDraft.inferredProvenance): .inference
      default: .transcript
      }
  }
}
