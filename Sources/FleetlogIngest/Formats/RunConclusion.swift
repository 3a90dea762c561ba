import FleetlogEvents

/// What an agent's program says of a run when it is through: how it came out and what it used.
///
/// The figures are the agent's own word about the whole run, so they stand beside the usage of the
/// single responses and are not added to it.
struct RunConclusion {
  let value: JSONValue

  /// How it came out, as the source calls it: `success`, `error_max_turns`.
  var outcome: String { value.name("subtype") ?? (isError ? "error" : "success") }

  var isError: Bool {
    value["is_error"]?.bool ?? (value.name("subtype").map { $0 != "success" } ?? false)
  }

  /// ms.
  var duration: Int? { value["duration_ms"]?.int }

  private var text: String? { value["result"]?.string }

  /// US dollars.
  private var cost: Double? { (value["total_cost_usd"] ?? value["cost_usd"])?.double }

  /// Why it failed; nil where it did not.
  var error: String? {
    guard isError else { return nil }
    let stated = value["errors"]?.elements.compactMap(\.string).first ?? text
    return stated.flatMap { PlainText.gist($0) } ?? outcome.replacing("_", with: " ")
  }

  var words: String {
    var words = error.map { "Ended on an error: " + $0 } ?? "Ended well"
    if let turns = value["num_turns"]?.int { words += " · " + ToolSummary.count(turns, "turn") }
    if let duration { words += " · " + ToolSummary.duration(duration) }
    if let cost, cost >= 0, cost < 1e9 { words += " · $" + RunConclusion.dollars(cost) }
    return words
  }

  /// To the cent, or to a hundredth of one where there is less.
  static func dollars(_ cost: Double) -> String {
    let scale: Double = cost < 0.1 ? 10_000 : 100
    let units = Int((cost * scale).rounded())
    let digits = String(units % Int(scale))
    let zeros = String(repeating: "0", count: String(Int(scale)).count - 1 - digits.count)
    return "\(units / Int(scale)).\(zeros)\(digits)"
  }

  func describe(in payload: inout JSONObject, cap: TextCap) {
    payload.set("reason", "result")
    payload.set("outcome", outcome)
    payload.set("is_error", isError)
    payload.set("error", error)
    payload.set("text", text, cap: cap)
    payload.set("total_cost_usd", cost)
    payload.set("usage", value["usage"], cap: cap)
    payload.set("model_usage", value["modelUsage"], cap: cap)
    payload.set("model_name", value.name("model"))
    payload.set("num_turns", value["num_turns"]?.int)
    payload.set("duration_ms", duration)
    payload.set("duration_api_ms", value["duration_api_ms"]?.int)
    payload.set("permission_denials", value["permission_denials"], cap: cap)
  }
}
