import FleetlogEvents

/// What a filter asks of the agent, project or branch of sessions.
struct SessionFact {
  let column: String
  private let wanted: [String]

  init(_ column: String, _ wanted: [String]) {
    self.column = column
    self.wanted = wanted
  }

  var isEmpty: Bool { wanted.isEmpty }

  /// Projects that are named by their last folder alone.
  private var folders: [String] {
    column == "project" ? wanted.filter { !ProjectFolder.isPath($0) } : []
  }

  /// SQL over a table that has the column; `prefix` is its name with a dot.
  ///
  /// Which projects a folder's name stands for is looked up among the few that there are, so that the
  /// index of the column still leads.
  func condition(_ prefix: String = "") -> String {
    let column = prefix + column
    guard !folders.isEmpty else { return "\(column) IN (\(marks(wanted)))" }
    let named = folders.map { _ in
      """
      substr(rtrim(project, '/'), -length(?) - 1) IN ('/' || ?,
        CASE WHEN project GLOB '[A-Za-z]:[/\\]*' THEN '\\' || ? END)
      """
    }
    return """
      \(column) IN (SELECT project FROM session_groups WHERE project IN (\(marks(wanted)))
        OR \(named.joined(separator: " OR ")))
      """
  }

  var values: [Value] {
    wanted.map { .text($0) } + folders.flatMap { [Value.text($0), .text($0), .text($0)] }
  }
}
