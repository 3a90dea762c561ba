package import FleetlogEvents

extension EventLog {
  /// Steps that one drawing takes in.
  package static let mostSteps = 20_000
  /// How long before a stretch of a very long session its open calls are looked for, in ms.
  private static let lead: Int64 = 3_600_000

  /// The course of a session, its texts left in the log.
  ///
  /// - Parameter stretch: what is to be drawn, in ms since the Unix epoch. A session of up to
  ///   ``mostSteps`` events is given whole nevertheless: a call may have begun long before.
  package func course(
    of session: SessionSummary, within stretch: Range<Int64>? = nil
  ) throws(StoreError) -> SessionCourse {
    let bounds = session.events > Self.mostSteps ? stretch : nil
    return try pool.withConnection { (connection) throws(StoreError) in
      var course = SessionCourse()
      var steps = Set<Int64>()
      let isWhole = try connection.collect(
        Self.courseSQL,
        [
          .text(session.id), .int(bounds.map { $0.lowerBound &- Self.lead } ?? .min),
          .int(bounds?.upperBound ?? .max), Value(Self.mostSteps + 1),
        ],
        within: shares.walk + shares.gather
      ) { row in
        // A resumed transcript may show an event that is also its own.
        if steps.insert(row.int(0)).inserted { course.steps.append(Self.step(row)) }
      }
      if course.steps.count > Self.mostSteps {
        course.steps.removeLast()
        course.partialReason =
          "The lanes show the first \(Self.mostSteps) events: zoom in to see later ones."
      } else if !isWhole {
        course.partialReason = "The lanes were stopped before their end: zoom in to see the rest."
      }
      try addLinks(to: &course, connection)
      return course
    }
  }

  /// Both arms come off an index in the order of time, and are merged.
  private static let courseSQL = """
    SELECT \(columns) FROM events e
      WHERE e.related_session_id = ?1 AND e.ts >= ?2 AND e.ts < ?3
    UNION ALL
    SELECT \(columns) FROM session_copies c CROSS JOIN events e ON e.id = c.event_id
      WHERE c.session_id = ?1 AND c.ts >= ?2 AND c.ts < ?3
    ORDER BY 2, 1 LIMIT ?4
    """

  /// Characters of a summary that are shown, and those behind them that are read to tell whether a
  /// secret begins in the former.
  private static let summaryLength = 160
  private static let hiddenLength = 320

  /// Only the ends of a payload are taken out of the log.
  private static let columns = """
    e.id, e.ts, e.run_id, e.event_type, e.source_kind, e.related_event_id, e.provenance,
    e.attention_candidate, e.confidence, substr(e.summary, 1, \(summaryLength + hiddenLength)),
    CASE WHEN e.event_type IN ('tool_call', 'tool_result') THEN substr(e.payload_json, 1, 240) END,
    CASE WHEN e.event_type = 'tool_result' THEN substr(e.payload_json, -200) END
    """

  private static func step(_ row: Statement) -> SessionCourse.Step {
    var step = SessionCourse.Step(
      id: row.int(0), ts: row.int(1), runID: row.int(2), type: EventType(rawValue: row.text(3)))
    step.sourceKind = row.text(4)
    step.relatedID = row.optionalInt(5)
    step.isInferred = row.text(6).hasPrefix(EventDraft.inferredProvenance)
    step.asksForAttention = row.bool(7)
    step.confidence = row.optionalReal(8)
    step.summary = String(row.text(9).prefix(summaryLength))
    guard step.type == .toolCall || step.type == .toolResult else { return step }
    let ends = PayloadEnds(head: row.text(10), tail: row.text(11))
    step.tool = ends.tool
    guard step.type == .toolResult else { return step }
    step.hasFailed = ends.has(#""is_error":true"#)
    step.wasDenied = ends.has(#""denied":true"#)
    return step
  }

  /// Looked up for what is drawn as a mark, as a wait or as an agent: the rest is never resolved.
  private func addLinks(
    to course: inout SessionCourse, _ connection: Connection
  ) throws(StoreError) {
    // By their places: most steps are plain, and copying them all would cost more than asking.
    let linked = course.steps.indices.filter { !Self.plain.contains(course.steps[$0].type) }
    for id in linked.prefix(Self.mostLinked).map({ course.steps[$0].id }) {
      let links = try connection.rows(
        """
        SELECT l.relation_type, l.from_event_id, e.ts FROM event_links l
        JOIN events e ON e.id = l.from_event_id
        WHERE l.to_event_id = ? AND l.relation_type IN ('spawned', 'resolves', 'supersedes')
        ORDER BY l.id LIMIT 20
        """, [.int(id)]
      ) { (relation: RelationType(rawValue: $0.text(0)), from: $0.int(1), ts: $0.int(2)) }
      for link in links {
        switch link.relation {
        case .spawned: if course.spawns[id] == nil { course.spawns[id] = link.from }
        case .resolves: course.ends[id] = min(course.ends[id] ?? .max, link.ts)
        case .supersedes: course.replaced.insert(id)
        default: break
        }
      }
    }
  }

  private static let mostLinked = 1500
  private static let plain: Set<EventType> = [
    .toolCall, .toolResult, .llmCallCompleted, .messageUser, .messageAssistant, .messageReasoning,
    .messageSystem, .turnCompleted, .observationRecorded, .contextSet, .heartbeat,
  ]
}

/// What the first and last bytes of a call's or result's payload say: its short values stand before
/// and behind the long ones. A quote inside a text is escaped there, so no text passes for a key.
struct PayloadEnds {
  let head: String
  let tail: String

  private static let toolKey = #""tool":""#

  /// nil where its name does not stand at the beginning, as in a payload of a program's own.
  var tool: String? {
    guard let start = head.firstByteOffset(of: Self.toolKey) else { return nil }
    let rest = head.utf8.dropFirst(start + Self.toolKey.utf8.count)
    let name = rest.prefix { $0 != UInt8(ascii: "\"") }
    guard name.endIndex < rest.endIndex, name.last != UInt8(ascii: "\\") else { return nil }
    return String(Substring(name))
  }

  func has(_ value: String) -> Bool {
    head.contains(bytesOf: value) || tail.contains(bytesOf: value)
  }
}
