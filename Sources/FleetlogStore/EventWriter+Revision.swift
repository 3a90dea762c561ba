import FleetlogEvents

/// What a newer parser reads otherwise than the one before it.
extension EventWriter {
  /// The rule in the metadata of the `supersedes` link from the new event to the old one.
  static let newerParser = "newer_parser"

  /// The event that supersedes a known one; nil where both say the same, where the batch is no
  /// revision, or where another file, or another line of this one, showed the fact first: that
  /// one's reading counts.
  ///
  /// The fact keeps its key, which stays with the event that bore it first, so that any reading
  /// still finds it; the new event's key says whose revision it is.
  func revised(
    _ draft: EventDraft, _ known: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) -> EventDraft? {
    guard let revision = commit.revision, known.sourceFileID == revision.fileID,
      known.span?.offset == draft.span?.offset, let key = known.idempotencyKey
    else { return nil }
    var current = try latestRevision(of: known)
    let run = Run(
      id: current.runID, parentID: current.parentRunID, instanceID: current.instanceID,
      role: current.role)
    let reading = try stored(draft, run: run, id: current.id, commit: commit)
    if known.id != current.id { _ = try mend(known, as: reading) }
    current = try mend(current, as: reading)
    guard EventColumns.content(reading) != EventColumns.content(current) else { return nil }
    var revised = draft
    revised.idempotencyKey = "r\(revision.parserVersion).\(key)"
    revised.aliasKey = nil
    guard try !isStored(revised) else { return nil }
    var metadata = JSONObject()
    metadata.set("by", "rule")
    metadata.set("rule", Self.newerParser)
    metadata.set("parser_version", revision.parserVersion)
    revised.links.append(LinkDraft(.supersedes, .eventID(current.id), metadata: metadata))
    commit.result.superseded += 1
    tasks?.revise(current)
    contract.uncount(current)
    try synthesis?.takeRevision(of: current.runID, cause: commit.nextID)
    note(revised: [known.sessionID, draft.run.sessionID], &commit)
    return revised
  }

  /// Puts the payload back of which the log has only what was not packed, where that is all the same
  /// in what was read now.
  ///
  /// - Returns: the event as the log has it from now on.
  private func mend(
    _ event: StoredEvent, as reading: StoredEvent
  ) throws(StoreError) -> StoredEvent {
    guard event.payload.map(TextPacker.mayBeDamaged) ?? false else { return event }
    let payload = payloads.pack(payload: reading.payload)
    let changed = try connection.run(
      """
      UPDATE events SET payload_packed = ? WHERE id = ? AND is_damaged(payload_packed)
        AND payload_json IS ?
      """, [payload.packed, .int(event.id), payload.text])
    return changed == 1 ? event.with(payload: reading.payload) : event
  }

  private func latestRevision(of event: StoredEvent) throws(StoreError) -> StoredEvent {
    try connection.first(
      """
      WITH RECURSIVE revisions(id) AS (SELECT ?1 UNION
        SELECT l.from_event_id FROM revisions r JOIN event_links l ON l.to_event_id = r.id
        WHERE l.relation_type = 'supersedes'
          AND json_extract(l.metadata_json, '$.rule') = '\(Self.newerParser)')
      SELECT \(EventColumns.list) FROM revisions r JOIN events e ON e.id = r.id
      ORDER BY e.id DESC LIMIT 1
      """, [.int(event.id)]
    ) { EventColumns.read($0) } ?? event
  }
}
