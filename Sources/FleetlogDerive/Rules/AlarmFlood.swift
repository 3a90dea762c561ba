import FleetlogEvents

/// More candidates for attention within the window than a person can take in: `alarm_flood`, once
/// until there are fewer again.
enum AlarmFlood: GroupRule {
  static let group = JudgedGroup.attention
  static let name = "alarm_flood/2"

  static func judge(
    _ subject: String, _ candidates: [GroupMember], _ options: SynthesisOptions,
    into findings: inout Findings
  ) {
    var start = 0
    var isFlooding = false
    for (index, candidate) in candidates.enumerated() {
      while candidates[start].event.ts < candidate.event.ts - options.floodWindow { start += 1 }
      let window = candidates[start...index]
      guard window.count > options.floodSize else {
        isFlooding = false
        continue
      }
      guard !isFlooding else { continue }
      isFlooding = true
      findings.inferences.append(flood(window, candidate, options))
    }
  }

  private static func flood(
    _ window: ArraySlice<GroupMember>, _ last: GroupMember, _ options: SynthesisOptions
  ) -> Inference {
    var counts: [EventType: Int] = [:]
    for member in window { counts[member.event.type, default: 0] += 1 }
    let sorted = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
    var kinds = sorted.prefix(3).map { "\($0.value) \($0.key.words)" }
    let others = sorted.dropFirst(3).map(\.value).reduce(0, +)
    if others > 0 { kinds.append("\(others) of other types") }
    let time = DurationText.rough(options.floodWindow)
    var inference = Inference(
      name, .alarmFlood, ts: last.event.ts, tripped: last.evidence,
      summary: "\(window.count) events ask for attention within \(time): "
        + kinds.joined(separator: ", "),
      signal: "more than \(options.floodSize) candidates for attention within \(time)",
      confidence: 1)
    inference.evidence = window.map(\.evidence)
    inference.payload.set("count", window.count)
    inference.expiresAt = last.event.ts + options.floodStands
    inference.ask(options)
    return inference
  }
}
