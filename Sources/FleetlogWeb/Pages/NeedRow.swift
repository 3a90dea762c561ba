import FleetlogEvents

/// What one session asks for, or several for one cause.
struct NeedRow: TemplateContext {
  /// The earliest of the events with this cause: the one to look at first.
  private let root: StoredEvent
  /// The later ones with the same cause, in other sessions.
  private let symptoms: [StoredEvent]
  /// Older attention events of the root's own session.
  private let earlier: [StoredEvent]
  private let titles: [String: String]
  private let now: Int64

  /// nil without events.
  ///
  /// - Parameters:
  ///   - events: the newest attention event of each session with this cause, newest first.
  ///   - history: each session's attention events, newest first.
  ///   - titles: what to call each session.
  init?(events: [StoredEvent], history: [[StoredEvent]], titles: [String: String], now: Int64) {
    guard let root = events.last else { return nil }
    self.root = root
    symptoms = Array(events.dropLast())
    earlier = history.first { $0.first?.id == root.id }.map { Array($0.dropFirst()) } ?? []
    self.titles = titles
    self.now = now
  }

  /// Orders the rows: severity, then time.
  var need: (Int, Int64) { (root.severity ?? 1, root.ts) }

  static let slots: [Slot<NeedRow>] = [
    .part("root") { EventRow(event: $0.root, now: $0.now, timeForm: .age) },
    .text("who") { row in
      row.symptoms.isEmpty
        ? row.name(of: row.root) : "\(row.symptoms.count + 1) sessions, one cause"
    },
    .text("before", \.before),
    .list("symptoms") { row in
      row.symptoms.prefix(8).map { Fact("symptom", row.name(of: $0), .event($0.id)) }
    },
    .text("rootName") { row in row.symptoms.isEmpty ? nil : row.name(of: row.root) },
    .text("earlierURL", \.earlierURL),
  ]

  private func name(of event: StoredEvent) -> String {
    event.sessionID.flatMap { titles[$0] } ?? event.instanceID
  }

  /// What the session asked for before, in words.
  private var before: String? {
    guard symptoms.isEmpty, !earlier.isEmpty else { return nil }
    var kinds: [(words: String, count: Int)] = []
    for event in earlier {
      if let index = kinds.firstIndex(where: { $0.words == event.typeWords }) {
        kinds[index].count += 1
      } else {
        kinds.append((event.typeWords, 1))
      }
    }
    let words = kinds.prefix(4).map { $0.count == 1 ? $0.words : "\($0.words) ×\($0.count)" }
    return words.joined(separator: ", ")
  }

  private var earlierURL: String? {
    guard symptoms.isEmpty, !earlier.isEmpty else { return nil }
    var filter = EventFilter()
    filter.attention = true
    if let session = root.sessionID {
      filter.sessions = [session]
    } else {
      filter.instances = [root.instanceID]
    }
    return Location.events(filter).description
  }
}
