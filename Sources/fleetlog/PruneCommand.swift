import FleetlogEvents
import FleetlogStore

/// Removes old events for good, once it is told to.
enum PruneCommand: Verb {
  static let name = "prune"
  static let help =
    "Says which old events it would remove, and with --yes removes them for good."
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Option(
      name: "older-than", value: "TIME", help: "what happened before goes: 90d, 12w or a date"),
    Option(
      name: "keep", value: "KIND",
      help: "what stays although it is old: typed, attention, prompts, nothing (default the "
        + "first three)", isRepeatable: true),
    Option(name: "yes", value: nil, help: "removes; without it nothing is changed"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let now = Clock.now()
    let rules = try rules(arguments, now: now)
    let path = try CommonOptions.existingDatabase(arguments)
    guard arguments.has("yes") else {
      let plan = try PrunePlan(database: path, rules: rules, now: now)
      report(plan.summary, rules, removed: nil, asJSON: arguments.has("json"))
      return 0
    }
    // Small steps leave room for the one long-lived writer, so its lock is not needed.
    let writer = try Pipeline.create(database: path, holdsLock: false)
    let index = try SearchIndex(database: path)
    let plan = try writer.plan(rules, now: now)
    let removed = try writer.prune(plan, index: index, now: now) {
      Terminal.show("removed \($0) of \(plan.summary.events) events")
    }
    // The mark is in the log now, and is to be found like any other event.
    while try index.advance() > 0 {}
    Terminal.show("")
    report(plan.summary, rules, removed: removed, asJSON: arguments.has("json"))
    return 0
  }

  private static func rules(_ arguments: Arguments, now: Int64) throws(UsageError) -> PruneRules {
    guard let text = arguments.value("older-than") else {
      throw UsageError("it needs an age: fleetlog prune --older-than 90d")
    }
    if Int(text) != nil {
      throw UsageError(
        "\(arguments.called("older-than")) can't be \"\(text)\": a bare number says no unit; give an age "
          + "such as \(text.count < 5 ? text : "90")d, or a date")
    }
    guard let before = TimeExpression.parse(text, now: now) else {
      throw UsageError(
        "\(arguments.called("older-than")) can't be \"\(text)\": it takes \(TimeExpression.takes)")
    }
    let words = arguments.values("keep").flatMap { $0.split(separator: ",").map(String.init) }
    guard !words.isEmpty else { return PruneRules(before: before) }
    var keep: Set<PruneRules.Keep> = []
    for word in words where word != "nothing" {
      guard let kind = PruneRules.Keep(rawValue: word) else {
        throw UsageError(
          "\(arguments.called("keep")) can't be \"\(word)\": it takes typed, attention, prompts or "
            + "nothing")
      }
      keep.insert(kind)
    }
    return PruneRules(before: before, keep: keep)
  }

  private static func report(
    _ summary: PruneSummary, _ rules: PruneRules, removed: Int?, asJSON: Bool
  ) {
    let dropped = PruneRules.Keep.allCases.filter { !rules.keep.contains($0) }.map(\.rawValue)
    if asJSON {
      func counts(_ counts: [PruneSummary.Count]) -> JSONObject {
        var object = JSONObject()
        for count in counts { object.set(count.name, count.events) }
        return object
      }
      var object = JSONObject()
      object.set("older_than", Timestamp.format(rules.before))
      object.set("events", summary.events)
      object.set("bytes", summary.bytes)
      object.set("by_type", counts(summary.byType))
      object.set("kept", counts(summary.kept))
      object.set("not_kept", dropped)
      object.set("removed", removed)
      Terminal.print(object.bytes)
      return
    }
    let before = Timestamp.format(rules.before)
    Terminal.print(
      (removed == nil ? "would remove " : "removed ")
        + "\(Figures.plural(removed ?? summary.events, "event")) from before \(before), "
        + "\(Figures.bytes(summary.bytes)) of text")
    for count in summary.byType {
      Terminal.print("  \(count.events)  \(Terminal.safe(count.name))")
    }
    let kept = summary.kept.map { "\($0.name) \($0.events)" }.joined(separator: ", ")
    if !kept.isEmpty { Terminal.print("keeps as old ones: \(kept)") }
    if !dropped.isEmpty {
      Terminal.say("--keep leaves out \(dropped.joined(separator: ", ")): those go too")
    }
    if removed == nil, summary.events > 0 { Terminal.say("nothing is changed; --yes removes them") }
  }
}
