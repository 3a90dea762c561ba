import FleetlogEvents

/// How a turn keeps the event contract: the blocks in it, and the version that they echo.
///
/// A turn without a block is counted under the version that its run echoed last: that is the
/// contract its worker was taught, as far as anybody can tell.
package struct ContractUse: Codable, Sendable, Equatable {
  /// Blocks of which something was admitted, or that rightly say that there is nothing to report.
  package private(set) var valid = 0
  /// Blocks that were refused, in whole or in part.
  package private(set) var refused = 0
  /// The contract's version that was echoed last.
  package private(set) var version: String?

  package init() {}

  static let valid = ContractUse(valid: 1)
  static let refused = ContractUse(refused: 1)

  private init(valid: Int = 0, refused: Int = 0) {
    self.valid = valid
    self.refused = refused
  }

  init(_ block: EventContract.BlockResult) {
    valid = block.refusals.isEmpty || !block.events.isEmpty || block.turnSummary != nil ? 1 : 0
    refused = block.refusals.isEmpty ? 0 : 1
    version = block.contractVersion.map { $0.oneLine(limit: 60) }
  }

  static func + (left: ContractUse, right: ContractUse) -> ContractUse {
    var sum = ContractUse(
      valid: left.valid.addingClamped(right.valid),
      refused: left.refused.addingClamped(right.refused))
    sum.version = right.version ?? left.version
    return sum
  }

  /// What the next turn begins with: the version.
  var forNextTurn: ContractUse {
    var next = ContractUse()
    next.version = version
    return next
  }

  func describe(in payload: inout JSONObject) {
    if valid > 0 { payload.set("event_blocks", valid) }
    if refused > 0 { payload.set("refused_blocks", refused) }
    payload.set("contract_version", version)
  }
}
