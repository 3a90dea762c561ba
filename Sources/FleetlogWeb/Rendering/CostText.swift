package import FleetlogEvents

/// What something cost in words. What has no price says so and is never nothing.
struct CostText: TemplateContext {
  /// Empty where no tokens were used.
  let text: String
  /// What is not in the sum; nil where everything is.
  let note: String?
  /// Whether any of it has a price.
  let isKnown: Bool

  init(_ cost: Cost) {
    let names = cost.unpricedModels.sorted().map { $0.isEmpty ? "a model without a name" : $0 }
    let missing =
      "\(Wording.plural(cost.unpricedTokens, "token")) of "
      + names.prefix(3).joined(separator: ", ") + " have no price in the price file"
    isKnown = cost.isKnown
    if !cost.isKnown {
      text = cost.isWhole ? "" : "no price"
      note = cost.isWhole ? nil : missing
    } else {
      text = Wording.money(cost.money) + (cost.isWhole ? "" : " +")
      note = cost.isWhole ? nil : "Not in the sum: " + missing
    }
  }

  static let slots: [Slot<CostText>] = [
    .text("text", \.text), .text("note", \.note),
    .text("style") { $0.text == "no price" ? "quiet" : "money" },
  ]
}

extension Cost {
  /// In one word or two, for a terminal.
  package var words: String { CostText(self).text }
}
