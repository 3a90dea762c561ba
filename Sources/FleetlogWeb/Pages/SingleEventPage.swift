import FleetlogEvents
import FleetlogStore

/// `/events/ID`: one event with all that hangs on it.
struct SingleEventPage: Page {
  static let template = "event"

  let detail: EventDetail
  let payload: SafeHTML
  /// Contradictions by each event that is a side of one.
  var contradictions: [Int64: Int64] = [:]
  var names = WorkerNames()
  /// The log's file.
  var database = ""
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> SingleEventPage {
    let detail = try detail(request, from: log)
    let payload = detail.event.payloadObject.map {
      PayloadNode.fill(
        $0, isInferred: detail.event.isInferred, request.kit.templates.payload)
    }
    let events = [detail.event] + detail.links.map(\.other)
    return SingleEventPage(
      detail: detail, payload: payload ?? .empty,
      contradictions: try log.contradictions(of: events.map(\.id)),
      names: try log.workerNames(of: events), database: log.path, now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    JSONTwin.event(try detail(request, from: log))
  }

  private static func detail(_ request: PageRequest, from log: EventLog) throws -> EventDetail {
    try request.allowOnly()
    guard let id = Int64(request.id), let detail = try log.event(id) else {
      throw NotFound(
        message: "The log has no event \(request.id.prefix(40)): it may have been removed.")
    }
    return detail
  }

  private var event: StoredEvent { detail.event }

  var head: PageHead {
    PageHead(
      title: "Event \(event.id): \(event.typeWords)", section: .events(),
      twin: Location.event(event.id).twin)
  }

  static let slots: [Slot<SingleEventPage>] = [
    .text("id") { String($0.event.id) },
    .part("row") { page in
      EventRow(
        event: page.event, now: page.now, timeForm: .zoned,
        contradiction: page.contradictions[page.event.id], worker: page.names[page.event])
    },
    .flag("isInferred", \.event.isInferred),
    .text("inferredFrom", \.event.inferredFrom),
    .list("facts", \.facts),
    .list("terms") { EventTerms.explaining($0.facts) },
    .list("flags", \.flags),
    .text("putAway", \.putAway),
    .html("payload", \.payload),
    .list("links") { page in
      page.detail.links.map {
        LinkSentence(
          link: $0, now: page.now, contradiction: page.contradictions[$0.other.id],
          worker: page.names[$0.other])
      }
    },
    .flag("hasArtifacts") { !$0.artifacts.isEmpty },
    .list("artifacts", \.artifacts),
    .text("provenance", \.event.provenance),
    .part("receipt") { $0.detail.receipt.map(ReceiptView.init) },
    .text("previousURL") { $0.detail.previousInSession.map { Location.event($0).description } },
    .text("nextURL") { $0.detail.nextInSession.map { Location.event($0).description } },
  ]

  private var isOver: Bool {
    detail.links.contains {
      $0.direction == .incoming && [.resolves, .supersedes].contains($0.relation)
    }
  }

  /// The command by which it needs nobody any more; nil where it needs nobody now.
  private var putAway: String? {
    guard event.attentionCandidate, !isOver else { return nil }
    return [
      "fleetlog", "log", "decided", "--db", CopyAs.resolved(database), "--resolves",
      String(event.id),
    ].map(CopyAs.quoted).joined(separator: " ")
  }

  private var facts: [NamedValue] {
    var facts = [
      NamedValue(
        "type", event.type.rawValue, Location("events", query: [("type", event.type.rawValue)])),
      NamedValue(
        "instance", event.instanceID, Location("events", query: [("instance", event.instanceID)])),
      NamedValue("role", event.role),
      NamedValue("source", event.sourceKind),
      NamedValue(
        "run", String(event.runID), Location("events", query: [("run", String(event.runID))])),
    ]
    facts += detail.sessions.map { NamedValue("session", $0, .session($0)) }
    func add(_ name: String, _ value: String?, _ target: Location? = nil) {
      if let value, !value.isEmpty { facts.append(NamedValue(name, value, target)) }
    }
    let sink = [event.sinkKind, event.sinkRef].compactMap(\.self).joined(separator: " ")
    add("for", sink)
    add("severity", event.severity.map { "\($0) of 5" })
    add("confidence", event.confidence.map(Wording.confidence))
    add("dedupe key", event.dedupeKey)
    add("idempotency key", event.idempotencyKey)
    if let parent = event.parentRunID {
      add("spawned by run", String(parent), Location("events", query: [("run", String(parent))]))
    }
    if let related = event.relatedEventID { add("belongs to", "event \(related)", .event(related)) }
    facts += event.expiresAt.map { [NamedValue("expires", at: $0, now: now)] } ?? []
    facts.append(NamedValue("recorded", at: event.recordedAt, now: now))
    for tag in event.tagList { add("tag", tag, Location("events", query: [("tag", tag)])) }
    return facts
  }

  private var flags: [String] {
    var flags: [String] = []
    if event.attentionCandidate {
      flags.append(isOver ? "asked for attention" : "asks for attention")
    }
    if event.operatorActionRequired { flags.append("needs an action from the operator") }
    if event.riskDetected { flags.append("risk detected") }
    return flags
  }

  private var artifacts: [ArtifactView] {
    guard let text = event.artifactRefs, let list = try? JSONDocument(text).root else { return [] }
    return list.elements.map { item in
      ArtifactView(
        reference: ArtifactReference(
          kind: item["kind"]?.string ?? "unknown kind", url: item["url"]?.string,
          title: item["title"]?.string, ref: item["ref"]?.string,
          source: item["source"]?.string ?? "unknown source"))
    }
  }
}

extension StoredEvent {
  var tagList: [String] {
    guard let tags, let list = try? JSONDocument(tags).root else { return [] }
    return list.elements.compactMap(\.string)
  }
}

/// A link as a sentence that begins with this event.
struct LinkSentence: TemplateContext {
  let link: StoredLink
  /// ms since the Unix epoch.
  let now: Int64
  /// The event that says that the other end is a side of a contradiction.
  var contradiction: Int64?
  /// Whose event the other end is.
  var worker: WorkerName?

  static let slots: [Slot<LinkSentence>] = [
    .text("words") { sentence in
      sentence.link.direction == .outgoing
        ? sentence.link.relation.words : sentence.link.relation.inverseWords
    },
    .part("other") { sentence in
      EventRow(
        event: sentence.link.other, now: sentence.now, contradiction: sentence.contradiction,
        worker: sentence.worker)
    },
    .text("how") { how($0.link.metadata) },
    .flag("isInferred", \.isRule),
  ]

  private static func read(_ metadata: String?) -> JSONValue? {
    metadata.flatMap { try? JSONDocument($0).root }
  }

  private var isRule: Bool { Self.read(link.metadata)?["by"]?.string == "rule" }

  /// How a link is known, in words, by its `metadata_json`.
  static func how(_ metadata: String?) -> String? {
    let metadata = read(metadata)
    guard let by = metadata?["by"]?.string else { return nil }
    guard by == "rule" else { return "said by the \(by)" }
    let rule = metadata?["rule"]?.string?.replacing("_", with: " ") ?? "unnamed"
    let confidence = metadata?["confidence"]?.double.map { ", " + Wording.confidence($0) }
    return "by the rule “\(rule)”\(confidence ?? "")"
  }
}

/// Something outside the log that an event points to; a link only where its address is a web one.
struct ArtifactView: TemplateContext {
  let reference: ArtifactReference

  static let slots: [Slot<ArtifactView>] = [
    .text("kind") { $0.reference.kind.replacing("_", with: " ") },
    .text("name") { view in
      let reference = view.reference
      return reference.title ?? reference.ref ?? reference.url ?? "unnamed"
    },
    .text("url", \.reference.webURL),
    .text("address", \.reference.url),
    .text("source") { $0.reference.source.replacing("_", with: " ") },
  ]
}

/// The bytes of the transcript behind an event.
struct ReceiptView: TemplateContext {
  let receipt: Receipt

  static let slots: [Slot<ReceiptView>] = [
    .text("path", \.receipt.path),
    .text("sourceURL") { view in
      Location("sources", query: [("source", String(view.receipt.fileID))]).description
    },
    .text("offset") { Wording.grouped(Int($0.receipt.span.offset)) },
    .text("length") { Wording.grouped(Int($0.receipt.span.length)) },
    .text("bytes") { String(decoding: $0.receipt.bytes, as: UTF8.self) },
    .flag("isCut", \.receipt.isCut),
    .flag("agrees") { $0.receipt.fileStillAgrees == true },
    .flag("differs") { $0.receipt.fileStillAgrees == false },
  ]
}
