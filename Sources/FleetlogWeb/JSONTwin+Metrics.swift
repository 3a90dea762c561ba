package import FleetlogEvents
import FleetlogStore

// What sessions used, cost and came to.
extension JSONTwin {
  static func set(_ usage: TokenUsage, in object: inout JSONObject) {
    object.set("calls", usage.calls)
    object.set("input_tokens", usage.input)
    object.set("output_tokens", usage.output)
    object.set("cache_read_tokens", usage.cacheRead)
    object.set("cache_write_tokens", usage.cacheWrite)
    object.set("cache_write_1h_tokens", usage.cacheWriteHour)
  }

  /// Dollars as a JSON number with every digit; null where no price is known.
  static func set(_ cost: Cost, in object: inout JSONObject) {
    object.set("cost_usd", json: cost.isKnown ? cost.money.decimal : "null")
    object.set("unpriced_tokens", cost.unpricedTokens)
    object.set("unpriced_models", cost.unpricedModels.sorted())
  }

  /// Usage by model, most tokens first.
  static func usage(_ shares: [UsageShare], prices: PriceTable) -> [JSONObject] {
    UsageByModel.list(shares, prices: prices).map { entry in
      var object = JSONObject()
      object.setOrNull("model", entry.model.isEmpty ? nil : entry.model)
      object.set("is_subagent", entry.isSubagent)
      set(entry.usage, in: &object)
      set(entry.cost, in: &object)
      return object
    }
  }

  package static func session(
    _ session: SessionSummary, usage shares: [UsageShare], prices: PriceTable
  ) -> JSONObject {
    var object = Self.session(session)
    object.set("usage", usage(shares, prices: prices))
    set(prices.cost(of: shares), in: &object)
    return object
  }

  static func metrics(_ metrics: SessionMetrics) -> JSONObject {
    var reported = JSONObject()
    for field in MetricField.allCases {
      guard let report = metrics.reported[field] else { continue }
      var entry = JSONObject()
      entry.set("value", json: report.value?.json ?? "null")
      entry.set("event_id", report.mark.id)
      reported.set(field.rawValue, entry)
    }
    var observed = JSONObject()
    observed.set("duration_ms", metrics.duration)
    observed.set("active_ms", metrics.active)
    observed.set("turns", metrics.turns)
    observed.set("tool_calls", metrics.toolCalls)
    observed.set("tool_errors", metrics.toolErrors)
    for kind in RunTrace.Kind.allCases {
      let traces = metrics.traces(kind)
      observed.set(
        Self.name(of: kind),
        traces.prefix(Self.mostTraces).map { trace in
          var object = JSONObject()
          object.set("subject", trace.subject)
          object.set("event_id", trace.evidence.id)
          return object
        })
      observed.set(Self.name(of: kind) + "_count", traces.count)
    }
    observed.setOrNull("git_head_sha", metrics.head?.commit)
    observed.setOrNull("git_head_sha_end", metrics.headEnd?.commit)
    if let difference = metrics.difference {
      observed.set("git_files_changed", difference.filesChanged)
      observed.set("git_lines_added", difference.linesAdded)
      observed.set("git_lines_removed", difference.linesRemoved)
    }
    var object = JSONObject()
    object.set("agent_reported", reported)
    object.setOrNull("ignored_nested_metrics_event_id", metrics.nested?.id)
    object.set("observed", observed)
    return object
  }

  private static let mostTraces = 200

  private static func name(of kind: RunTrace.Kind) -> String {
    switch kind {
    case .read: "files_read"
    case .written: "files_written"
    case .commit: "commits"
    case .pullRequest: "pull_requests"
    }
  }

  /// What was used and spent, span by span.
  static func spend(_ spend: SpendDrawing) -> [JSONObject] {
    spend.bars.map { bar in
      var object = JSONObject()
      object.set("start", bar.start)
      object.set("width_ms", spend.width)
      set(bar.usage, in: &object)
      set(bar.cost, in: &object)
      return object
    }
  }

  static func context(_ fills: [ContextFill]) -> [JSONObject] {
    fills.map { fill in
      var object = JSONObject()
      object.set("event_id", fill.eventID)
      object.set("ts", fill.ts)
      object.set("total", fill.total)
      // A transcript shows neither: where they are estimated they can't be told apart.
      object.set("system", fill.system)
      object.setOrNull("tools", fill.tools.map(Int64.init))
      object.set("user", fill.user)
      object.set("assistant", fill.assistant)
      object.set("tool_results", fill.toolResults)
      object.set("other", fill.other)
      object.setOrNull("window", fill.window.map(Int64.init))
      object.set("estimated", fill.isEstimated)
      object.set("method", fill.method)
      return object
    }
  }

  static func diff(_ page: DiffSummaryPage) -> JSONObject {
    var object = JSONObject()
    object.set("session_id", page.session.id)
    object.setOrNull("folder", page.folder)
    object.setOrNull("git_head_sha", page.first?.commit)
    object.setOrNull("git_head_sha_end", page.last?.commit)
    switch page.outcome {
    case .summary(let summary):
      object.set("status", "ok")
      object.set("files_changed", summary.files.count)
      object.set("lines_added", summary.linesAdded)
      object.set("lines_removed", summary.linesRemoved)
      object.set(
        "files",
        summary.files.map { file in
          var entry = JSONObject()
          entry.set("path", file.path)
          entry.setOrNull("added", file.added.map(Int64.init))
          entry.setOrNull("removed", file.removed.map(Int64.init))
          return entry
        })
    case .absent(let reason):
      object.set("status", "absent")
      object.set("reason", reason)
    case .failed(let reason):
      object.set("status", "failed")
      object.set("reason", reason)
    }
    return object
  }
}

/// What one model used, over all days.
struct UsageByModel {
  let model: String
  let isSubagent: Bool
  let usage: TokenUsage
  let cost: Cost
  /// The price of its last day.
  let price: PriceTable.Price?

  /// The session's own first, then its sub-agents', most tokens first.
  static func list(_ shares: [UsageShare], prices: PriceTable) -> [UsageByModel] {
    struct Key: Hashable {
      let model: String
      let isSubagent: Bool
    }
    return Dictionary(grouping: shares) { Key(model: $0.model, isSubagent: $0.isSubagent) }
      .map { key, shares in
        UsageByModel(
          model: key.model, isSubagent: key.isSubagent, usage: shares.total,
          cost: prices.cost(of: shares),
          price: shares.map(\.day).max().flatMap { prices.price(of: key.model, on: $0) })
      }
      .sorted {
        ($0.isSubagent ? 1 : 0, -$0.usage.tokens, $0.model)
          < ($1.isSubagent ? 1 : 0, -$1.usage.tokens, $1.model)
      }
  }
}
