/// Takes secrets out of what leaves the log, and keeps count of what was taken, never of the secret
/// itself.
///
/// The rules are those of ``SecretShapes``. A value: whoever makes a document has one of its own, and
/// at the end the list of what is missing in it.
package struct Redaction: Sendable {
  /// How often each kind was taken out, by its name.
  package private(set) var counts: [String: Int] = [:]
  private let isOn: Bool

  /// The rules in force.
  package init() { isOn = true }

  private init(isOn: Bool) { self.isOn = isOn }

  /// Takes nothing out.
  package static let none = Redaction(isOn: false)

  /// Whether secrets are looked for at all.
  package var isActive: Bool { isOn }

  /// What was taken out, most first.
  package var list: [(kind: String, count: Int)] {
    counts.map { (kind: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }

  /// A text without its secrets: each is replaced by its kind and length,
  /// `[redacted: GitHub token, 40 bytes]`.
  package mutating func text(_ text: String) -> String {
    guard isOn else { return text }
    var copy = text
    let cleaned = copy.withUTF8 { bytes in
      Self.replaced(in: bytes) { counts[$0.kind, default: 0] += 1 }
    }
    return cleaned.map { String(decoding: $0, as: UTF8.self) } ?? text
  }

  /// Text or JSON as it is shown, in UTF-8; nil where nothing in it is to be masked. What is counted
  /// nowhere needs no ``Redaction`` of its own.
  package static func masked(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard bytes.count >= shortest else { return nil }
    if bytes[0] == UInt8(ascii: "{") || bytes[0] == UInt8(ascii: "["), hidesText(bytes) {
      let text = String(decoding: bytes, as: UTF8.self)
      var redaction = Redaction()
      let clean = redaction.json(text)
      return redaction.counts.isEmpty ? nil : Array(clean.utf8)
    }
    return replaced(in: bytes) { _ in }
  }

  /// The beginning of a longer text as it is shown: a secret that reaches beyond the limit is masked
  /// as a whole.
  ///
  /// - Parameters:
  ///   - bytes: the text with what lies behind the limit, as far as a secret may reach.
  ///   - limit: bytes of `bytes`.
  package static func masked(_ bytes: UnsafeBufferPointer<UInt8>, upTo limit: Int) -> [UInt8] {
    guard bytes.count > limit else { return masked(bytes) ?? Array(bytes) }
    var seen = 0
    var output: [UInt8] = []
    var end = 0
    for finding in SecretScanner.standard.findings(in: bytes, seen: &seen) {
      guard finding.range.lowerBound < limit else { break }
      output.append(contentsOf: bytes[end..<finding.range.lowerBound])
      output.append(contentsOf: mark(finding.kind, bytes: finding.range.count).utf8)
      end = finding.range.upperBound
    }
    if end < limit { output.append(contentsOf: bytes[end..<limit]) }
    return output
  }

  /// The shortest secret that is told, in bytes: a password in an address.
  private static let shortest = 8

  /// Whether JSON has letters that are spelt `\u0041` or `\/`, so that it must be read to be
  /// searched.
  private static func hidesText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    while let place = bytes[at...].firstIndex(of: UInt8(ascii: "\\")), place + 1 < bytes.count {
      if bytes[place + 1] == UInt8(ascii: "/") { return true }
      if bytes[place + 1] == UInt8(ascii: "u"), place + 3 < bytes.count,
        bytes[place + 2] == UInt8(ascii: "0"), bytes[place + 3] == UInt8(ascii: "0")
      {
        return true
      }
      at = place + 2
      if at >= bytes.count { break }
    }
    return false
  }

  /// nil where there is no secret.
  private static func replaced(
    in bytes: UnsafeBufferPointer<UInt8>, _ take: (SecretScanner.Finding) -> Void
  ) -> [UInt8]? {
    var seen = 0
    let findings = SecretScanner.standard.findings(in: bytes, seen: &seen)
    guard !findings.isEmpty else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var end = 0
    for finding in findings {
      output.append(contentsOf: bytes[end..<finding.range.lowerBound])
      output.append(contentsOf: mark(finding.kind, bytes: finding.range.count).utf8)
      take(finding)
      end = finding.range.upperBound
    }
    output.append(contentsOf: bytes[end...])
    return output
  }

  private static func mark(_ kind: String, bytes: Int) -> String {
    "[redacted: \(kind), \(bytes) bytes]"
  }

  package mutating func text(_ text: String?) -> String? {
    text.map { (text: String) -> String in self.text(text) }
  }

  /// A JSON text without the secrets in its strings: those are read as they are meant, not as they
  /// are escaped, and a key may tell what its value is.
  package mutating func json(_ json: String) -> String {
    guard isOn else { return json }
    guard let root = try? JSONDocument(json).root else { return text(json) }
    var output: [UInt8] = []
    var isChanged = false
    copy(root, named: nil, into: &output, &isChanged)
    return isChanged ? String(decoding: output, as: UTF8.self) : json
  }

  package mutating func json(_ json: String?) -> String? {
    json.map { (json: String) -> String in self.json(json) }
  }

  private mutating func copy(
    _ value: JSONValue, named name: String?, into output: inout [UInt8], _ isChanged: inout Bool
  ) {
    switch value.kind {
    case .null, .bool, .number: output.append(contentsOf: value.sourceBytes)
    case .string:
      let text = value.string ?? ""
      var cleaned = self.text(text)
      if let name, cleaned == text, NamedSecret.isSecret(text, named: name) {
        counts[SecretShapes.named, default: 0] += 1
        cleaned = Self.mark(SecretShapes.named, bytes: text.utf8.count)
      }
      if cleaned != text { isChanged = true }
      JSONText.encode(cleaned.utf8, into: &output)
    case .array:
      output.append(UInt8(ascii: "["))
      for (index, element) in value.elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        copy(element, named: name, into: &output, &isChanged)
      }
      output.append(UInt8(ascii: "]"))
    case .object:
      output.append(UInt8(ascii: "{"))
      for (index, member) in value.members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        let key = text(member.key)
        if key != member.key { isChanged = true }
        JSONText.encode(key.utf8, into: &output)
        output.append(UInt8(ascii: ":"))
        copy(member.value, named: member.key, into: &output, &isChanged)
      }
      output.append(UInt8(ascii: "}"))
    }
  }
}

// What the log holds, in the form in which it leaves it.
extension Redaction {
  package mutating func event(_ event: StoredEvent) -> StoredEvent {
    guard isOn else { return event }
    return StoredEvent(
      id: event.id, ts: event.ts, recordedAt: event.recordedAt, runID: event.runID,
      parentRunID: event.parentRunID, instanceID: text(event.instanceID), role: event.role,
      sourceKind: event.sourceKind, sourceRef: text(event.sourceRef), sinkKind: event.sinkKind,
      sinkRef: text(event.sinkRef), type: event.type, schemaVersion: event.schemaVersion,
      attentionCandidate: event.attentionCandidate,
      operatorActionRequired: event.operatorActionRequired, riskDetected: event.riskDetected,
      severity: event.severity, confidence: event.confidence, summary: text(event.summary),
      payload: json(event.payload), artifactRefs: json(event.artifactRefs), tags: json(event.tags),
      sessionID: event.sessionID, relatedEventID: event.relatedEventID,
      dedupeKey: text(event.dedupeKey), idempotencyKey: text(event.idempotencyKey),
      expiresAt: event.expiresAt, provenance: text(event.provenance),
      sourceFileID: event.sourceFileID, span: event.span)
  }

  package mutating func session(_ session: SessionSummary) -> SessionSummary {
    var clean = session
    clean.title = text(session.title)
    clean.project = text(session.project)
    clean.branch = text(session.branch)
    return clean
  }

  package mutating func detail(_ detail: SessionDetail) -> SessionDetail {
    SessionDetail(
      session: session(detail.session), runs: detail.runs.map { run($0) },
      sharedWith: detail.sharedWith)
  }

  package mutating func run(_ run: RunSummary) -> RunSummary {
    RunSummary(
      id: run.id, key: run.key, parentID: run.parentID, instanceID: text(run.instanceID),
      role: run.role, sessionID: run.sessionID, startedAt: run.startedAt, lastAt: run.lastAt,
      events: run.events, summary: text(run.summary))
  }

  package mutating func course(_ course: SessionCourse) -> SessionCourse {
    guard isOn else { return course }
    var clean = course
    for index in clean.steps.indices {
      clean.steps[index].summary = text(clean.steps[index].summary)
    }
    return clean
  }

  package mutating func worker(_ name: WorkerName) -> WorkerName {
    WorkerName(
      instance: text(name.instance), role: name.role, project: text(name.project),
      purpose: text(name.purpose))
  }

  package mutating func graph(_ graph: LinkGraph) -> LinkGraph {
    LinkGraph(
      nodes: graph.nodes.map {
        LinkGraph.Node(
          event: event($0.event), worker: worker($0.worker), isOver: $0.isOver)
      },
      edges: graph.edges.map {
        LinkGraph.Edge(
          id: $0.id, from: $0.from, to: $0.to, relation: $0.relation, metadata: json($0.metadata))
      }, partialReason: graph.partialReason)
  }
}
