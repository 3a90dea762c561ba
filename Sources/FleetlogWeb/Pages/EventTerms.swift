/// What the words on an event's page mean, each where it stands there.
enum EventTerms {
  private static let meanings: [(name: String, meaning: String)] = [
    ("type", "what kind of thing happened; the contract lists the types"),
    ("instance", "the name under which the worker’s run speaks"),
    ("role", "what that run is for: worker, subagent, supervisor …"),
    ("source", "who says it: the worker, the operator, the system, or an overseer of workers"),
    ("run", "one execution that others can be inside of, by the number of its first event"),
    ("session", "the conversation with an agent that it is part of"),
    ("for", "whom it is meant for"),
    ("severity", "how much it matters, from 1, worth a note, to 5, everything stands still"),
    ("confidence", "how sure who says it is, from 0 to 1"),
    ("dedupe key", "the name of one condition: events that share it are shown as one cause"),
    ("idempotency key", "what makes it one fact, stored once however often it is read"),
    ("spawned by run", "the run that started this one"),
    ("belongs to", "the event that this one goes on from"),
    ("expires", "from then on it asks nobody for anything"),
    ("recorded", "when Fleetlog stored it; the time at the top is when it happened"),
    ("tag", "a word to find such events by"),
  ]

  /// Of these facts, in the order in which they stand.
  static func explaining(_ facts: [NamedValue]) -> [NamedValue] {
    let names = Set(facts.map(\.name))
    return meanings.filter { names.contains($0.name) }.map { NamedValue($0.name, $0.meaning) }
  }
}
