import FleetlogEvents

/// One event as a row of a list.
struct EventRow: TemplateContext {
  let event: StoredEvent
  var snippet: Snippet?
  /// ms since the Unix epoch.
  let now: Int64
  var timeForm = TimeText.Form.clock
  /// The event that says that this one is a side of a contradiction.
  var contradiction: Int64?
  /// nil where only the event itself is known.
  var worker: WorkerName?

  private var name: WorkerName {
    worker ?? WorkerName(instance: event.instanceID, role: event.role)
  }

  static let slots: [Slot<EventRow>] = [
    .part("time") { TimeText($0.event.ts, now: $0.now, as: $0.timeForm) },
    .text("url") { Location.event($0.event.id).description },
    .text("receiptURL") { row in
      row.event.span == nil ? nil : Location.event(row.event.id).description + "#receipt"
    },
    .text("type", \.event.typeWords),
    .text("tone", \.event.tone.rawValue),
    .flag("isInferred", \.event.isInferred),
    .part("review") { $0.event.review.map(ReviewHandle.init) },
    .text("confidence") { $0.event.confidence.map(Wording.confidence) },
    .text("contradictionURL") { $0.contradiction.map { Location.event($0).description } },
    .text("who", \.name.short),
    .text("whoTitle", \.name.full),
    .text("whoURL") { row in
      Location("events", query: [("instance", row.event.instanceID)]).description
    },
    .text("session") { $0.event.sessionID.map { String($0.prefix(8)) } },
    .text("sessionID", \.event.sessionID),
    .text("sessionURL") { row in
      row.event.sessionID.map { Location.session($0).description }
    },
    .text("summary", \.event.summary),
    .list("snippet") { ($0.snippet?.parts ?? []).map(SnippetPart.init) },
    .flag("needsAction", \.event.operatorActionRequired),
    .flag("isRisky") { $0.event.riskDetected && $0.event.type != .riskDetected },
    .text("severity") { row in
      row.event.severity.flatMap { $0 >= 3 ? String($0) : nil }
    },
  ]
}

/// The handle of the pull request that is to be looked at; a link only where its address is a web one.
struct ReviewHandle: TemplateContext {
  let reference: ArtifactReference

  static let slots: [Slot<ReviewHandle>] = [
    .text("name", \.reference.handle),
    .text("url", \.reference.webURL),
    .text("title") { $0.reference.title ?? $0.reference.url },
  ]
}

/// A stretch of found text.
struct SnippetPart: TemplateContext {
  let text: String
  let isMatch: Bool

  static let slots: [Slot<SnippetPart>] = [.text("text", \.text), .flag("isMatch", \.isMatch)]
}
