package import FleetlogEvents

/// What pages and exports are made with besides the log: the same for every request, and given by
/// the composition root.
package struct PageKit: Sendable {
  let assets: Assets
  let templates: Templates
  /// Places the boxes of graphs.
  let graphs = GraphLayouter()
  /// What follows from the facts of a worker.
  package let rules: any SynthesisRules
  /// What models cost.
  let prices: PriceTable
  /// Compares commits of repositories on this machine.
  package let differences: any DiffCounting

  /// Reads and checks every template.
  package init(
    assets: Assets, rules: any SynthesisRules, prices: PriceTable,
    differences: any DiffCounting
  ) throws(TemplateError) {
    self.assets = assets
    self.rules = rules
    self.prices = prices
    self.differences = differences
    templates = try Templates(load: assets.template)
  }
}
