import FleetlogEvents

/// A value inside an event's payload, with its name.
struct PayloadNode: TemplateContext {
  /// Deeper values are shown as the JSON they are.
  private static let maximumDepth = 10
  private static let maximumMembers = 200

  let key: String
  /// What Fleetlog itself has to say about the value.
  let note: String?
  /// A text, number, word, or what was too deep to unfold; nil for what has `children`.
  let value: Excerpt?
  let isText: Bool
  /// The event that it names.
  var event: Int?
  let children: SafeHTML

  static let slots: [Slot<PayloadNode>] = [
    .text("key", \.key),
    .text("note", \.note),
    .part("value", \.value),
    .flag("isText", \.isText),
    .text("event") { $0.event.map(String.init) },
    .text("eventURL") { $0.event.map { Location.event(Int64($0)).description } },
    .html("children", \.children),
  ]

  /// The members of a payload as markup.
  ///
  /// - Parameter isInferred: whether Fleetlog wrote it, whose `evidence` are numbers of events.
  static func fill(
    _ payload: JSONValue, isInferred: Bool = false, _ template: Template<PayloadNode>
  ) -> SafeHTML {
    var nodes = nodes(of: payload, depth: 1, template)
    let evidence = isInferred ? payload["evidence"]?.elements.compactMap(\.int) ?? [] : []
    if !evidence.isEmpty, let index = nodes.firstIndex(where: { $0.key == "evidence" }) {
      let events = evidence.prefix(maximumMembers).enumerated().map { place, id in
        PayloadNode(
          key: "\(place + 1)", note: nil, value: nil, isText: false, event: id, children: .empty)
      }
      nodes[index] = PayloadNode(
        key: "evidence", note: nil, value: nil, isText: false, children: template.fill(events))
    }
    return template.fill(nodes)
  }

  private static func nodes(
    of container: JSONValue, depth: Int, _ template: Template<PayloadNode>
  ) -> [PayloadNode] {
    let members =
      container.isArray
      ? container.elements.enumerated().map { ("\($0 + 1)", $1) } : container.members
    var nodes = members.prefix(maximumMembers).map { node($0, $1, depth: depth, template) }
    if members.count > maximumMembers {
      nodes.append(
        PayloadNode(
          key: "…", note: "\(members.count - maximumMembers) more are in the JSON of this event",
          value: nil, isText: false, children: .empty))
    }
    return nodes
  }

  private static func node(
    _ key: String, _ value: JSONValue, depth: Int, _ template: Template<PayloadNode>
  ) -> PayloadNode {
    if let cut = CutText(value) {
      return PayloadNode(
        key: key,
        note: "only the beginning and end of \(Wording.bytes(cut.length)) are kept here; the whole "
          + "stands in the transcript",
        value: .prose(cut.text), isText: true, children: .empty)
    }
    switch value.kind {
    case .string:
      return PayloadNode(
        key: key, note: nil, value: .prose(value.string ?? "", lines: 12, bytes: 1200),
        isText: true, children: .empty)
    case .array, .object:
      let isEmpty = value.elements.isEmpty && value.members.isEmpty
      guard !isEmpty, depth < maximumDepth else { fallthrough }
      return PayloadNode(
        key: key, note: note(on: key), value: nil, isText: false,
        children: template.fill(nodes(of: value, depth: depth + 1, template)))
    case .null, .bool, .number:
      return PayloadNode(
        key: key, note: nil, value: .prose(value.source, lines: 12, bytes: 1200), isText: false,
        children: .empty)
    }
  }

  private static func note(on key: String) -> String? {
    key == "_coerced"
      ? "what the worker wrote where the contract takes something else; the event carries the "
        + "mended values" : nil
  }
}

/// A text of which the log keeps only both ends.
struct CutText {
  let head: String
  let tail: String
  /// Bytes of the whole.
  let length: Int64

  /// nil for everything that is not the cut form of a text.
  init?(_ value: JSONValue) {
    guard let cut = value["_cut"], let head = cut["head"]?.string, let tail = cut["tail"]?.string,
      let length = cut["length"]?.int
    else { return nil }
    self.head = head
    self.tail = tail
    self.length = Int64(length)
  }

  var text: String { head + "\n… \(Wording.bytes(length)) in all …\n" + tail }
}
