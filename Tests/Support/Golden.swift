import FleetlogEvents
package import FleetlogIngest
package import Foundation

/// Files that a test compares its results with. They are rewritten only when the environment
/// says `FLEETLOG_APPROVE=1`; a person then reads the difference before it is committed.
package enum Golden {
  package struct Mismatch: Error, CustomStringConvertible {
    package let description: String
  }

  /// Compares a text with the file of that name below `Tests/Fixtures`.
  ///
  /// - Throws: ``Mismatch`` with the first line that differs.
  package static func verify(_ text: String, against name: String) throws {
    let url = Fixtures.url(name)
    if ProcessInfo.processInfo.environment["FLEETLOG_APPROVE"] == "1" {
      try Data(text.utf8).write(to: url)
      return
    }
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw Mismatch(
        description: "there is no \(name): run the test with FLEETLOG_APPROVE=1 and read it")
    }
    let expected = String(decoding: data, as: UTF8.self)
    guard expected != text else { return }
    let lines = zip(expected.split(separator: "\n"), text.split(separator: "\n"))
    let first = lines.enumerated().first { $0.element.0 != $0.element.1 }
    throw Mismatch(
      description: first.map {
        "\(name) differs from line \($0.offset + 1) on:\n  was \($0.element.0)\n  is  \($0.element.1)"
      } ?? "\(name) is \(expected.utf8.count) bytes long, the result \(text.utf8.count)")
  }

  /// Drafts and problems as JSON that a person can read: a field a line, in the order of reading.
  package static func events(_ output: FormatOutput) -> String {
    let objects = output.drafts.map(fields) + output.problems.map(fields)
    let texts = objects.map { object in
      let lines = object.map { "    \(literal($0.key)): \($0.json)" }
      return "  {\n" + lines.joined(separator: ",\n") + "\n  }"
    }
    return "[\n" + texts.joined(separator: ",\n") + "\n]\n"
  }

  private typealias Field = (key: String, json: String)

  private static func fields(_ draft: EventDraft) -> [Field] {
    var fields: [Field] = [
      ("event_type", literal(draft.type.rawValue)),
      ("ts", literal(Timestamp.format(draft.ts))),
      ("run", literal(draft.run.key)),
      ("instance_id", literal(draft.run.instanceID)),
      ("role", literal(draft.run.role)),
      ("source_kind", literal(draft.sourceKind.rawValue)),
      ("summary", literal(draft.summary)),
      ("payload", draft.payload.text),
    ]
    if draft.attentionCandidate { fields.append(("attention_candidate", "true")) }
    if draft.operatorActionRequired { fields.append(("operator_action_required", "true")) }
    if draft.riskDetected { fields.append(("risk_detected", "true")) }
    if draft.severity != 1 { fields.append(("severity", "\(draft.severity)")) }
    if let confidence = draft.confidence { fields.append(("confidence", "\(confidence)")) }
    if !draft.artifacts.isEmpty {
      fields.append(("artifact_refs", JSONObject.array(of: draft.artifacts.map(\.json))))
    }
    if !draft.tags.isEmpty { fields.append(("tags", JSONObject.array(of: draft.tags))) }
    if !draft.links.isEmpty {
      fields.append(("links", JSONObject.array(of: draft.links.map(words))))
    }
    for (key, text) in [
      ("idempotency_key", draft.idempotencyKey), ("alias_key", draft.aliasKey),
      ("dedupe_key", draft.dedupeKey), ("related_key", draft.relatedKey),
      ("parent_run", draft.parentRunKey), ("provenance", draft.provenance),
    ] {
      if let text { fields.append((key, literal(text))) }
    }
    if let version = draft.version { fields.append(("version", "\(version)")) }
    if let span = draft.span { fields.append(("bytes", "[\(span.offset), \(span.length)]")) }
    return fields
  }

  private static func fields(_ problem: SourceProblem) -> [Field] {
    [
      ("problem", literal(problem.kind.rawValue)),
      ("reason", literal(problem.reason)),
      ("bytes", "[\(problem.span.offset), \(problem.span.length)]"),
    ]
  }

  /// "spawned → run:…", or "← caused_by …" where the edge comes in.
  private static func words(_ link: LinkDraft) -> String {
    let target =
      switch link.target {
      case .eventID(let id): "event \(id)"
      case .idempotencyKey(let key): key
      case .dedupeKey(let key): "dedupe_key \(key)"
      }
    let relation = link.relation.rawValue
    return link.direction == .fromThis ? "\(relation) → \(target)" : "\(relation) ← \(target)"
  }

  private static func literal(_ text: String) -> String {
    let array = JSONObject.array(of: [text])
    return String(array.dropFirst().dropLast())
  }
}

/// The files below `Tests/Fixtures`.
package enum Fixtures {
  package static func url(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(name)
  }

  package static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: url(name)))
  }

  /// The names of a folder's files with an ending, sorted, without the ending.
  package static func cases(_ folder: String, ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url(folder).path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }
}
