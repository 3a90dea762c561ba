/// Contract compliance and refused blocks, for `/validation`.
package struct ValidationReport: Sendable {
  /// `validation_error` events, newest first.
  package let errors: [StoredEvent]
  package let totalErrors: Int
  /// Blocks inside code fences, counted as ignored, newest first, with their file.
  package let fenced: [(fileID: Int64, path: String, problem: SourceProblem)]
  package let totalFenced: Int
  package let compliance: [ContractCompliance]

  package init(
    errors: [StoredEvent], totalErrors: Int,
    fenced: [(fileID: Int64, path: String, problem: SourceProblem)], totalFenced: Int,
    compliance: [ContractCompliance]
  ) {
    self.errors = errors
    self.totalErrors = totalErrors
    self.fenced = fenced
    self.totalFenced = totalFenced
    self.compliance = compliance
  }
}

/// How the contract is kept by one agent with one model, as taught in one version.
package struct ContractCompliance: Sendable, Equatable {
  /// nil where no start of a run said it.
  package let agent: String?
  package let model: String?
  /// The version that blocks echo; nil for turns of runs that never echoed one.
  package let contractVersion: String?
  /// Finished turns, as their transcripts tell them.
  package let turns: Int
  /// Turns that carried a valid event block.
  package let kept: Int
  /// Turns that carried a block which was refused, in whole or in part.
  package let refused: Int

  package init(
    agent: String?, model: String?, contractVersion: String?, turns: Int, kept: Int, refused: Int
  ) {
    self.agent = agent
    self.model = model
    self.contractVersion = contractVersion
    self.turns = turns
    self.kept = kept
    self.refused = refused
  }

  /// Kept of all turns, 0 to 1; nil where there are none.
  package var share: Double? { turns > 0 ? Double(kept) / Double(turns) : nil }
}
