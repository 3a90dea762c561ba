import FleetlogEvents
import FleetlogStore

/// `/contract`: the text that teaches a worker to emit events, and the types it can say.
struct ContractPage: Page {
  static let template = "contract"

  static func read(_ request: PageRequest, from log: EventLog) throws -> ContractPage {
    try request.allowOnly()
    return ContractPage()
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    try request.allowOnly()
    var object = JSONObject()
    object.set("contract_version", EventContract.version)
    object.set("text", ContractPrompt.text)
    object.set("install", commands)
    object.set("event_types", EventTypeCatalogue.entries.map(entry))
    return object
  }

  private static func entry(_ entry: EventTypeEntry) -> JSONObject {
    var object = JSONObject()
    object.set("event_type", entry.type.rawValue)
    object.set("family", entry.family == .worker ? "worker" : "system")
    object.set("meaning", entry.meaning)
    object.set("attention_candidate", entry.attention ? 1 : 0)
    object.set("severity", entry.severity)
    return object
  }

  private static let commands = [
    "fleetlog contract --install CLAUDE.md", "fleetlog contract --install AGENTS.md",
  ]

  var head: PageHead {
    PageHead(title: "Contract", section: Location("contract"), twin: Location("contract").twin)
  }

  static let slots: [Slot<ContractPage>] = [
    .text("version") { _ in EventContract.version },
    .text("commands") { _ in commands.joined(separator: "\n") },
    .text("text") { _ in ContractPrompt.text },
    .list("families") { _ in
      [
        TypeFamily(
          id: "worker", title: "What a worker may say",
          entries: EventTypeCatalogue.entries.filter { $0.family == .worker }),
        TypeFamily(
          id: "system", title: "What Fleetlog, and whoever logs directly, writes",
          entries: EventTypeCatalogue.entries.filter { $0.family == .system }),
      ]
    },
  ]
}

/// Event types that the same may write.
struct TypeFamily: TemplateContext {
  let id: String
  let title: String
  let entries: [EventTypeEntry]

  static let slots: [Slot<TypeFamily>] = [
    .text("id", \.id), .text("title", \.title), .list("types") { $0.entries.map(TypeRow.init) },
  ]
}

/// An event type of the catalogue.
struct TypeRow: TemplateContext {
  let entry: EventTypeEntry

  static let slots: [Slot<TypeRow>] = [
    .text("name") { $0.entry.type.rawValue },
    .text("meaning", \.entry.meaning),
    .text("url") { row in
      var filter = EventFilter()
      filter.types = [row.entry.type.rawValue]
      return Location.events(filter).description
    },
    .text("severity") { String($0.entry.severity) },
    .text("attention") { row in
      if row.entry.type == .completed { return "by its flags" }
      return row.entry.attention ? "asks" : nil
    },
  ]
}
