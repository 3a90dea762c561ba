import FleetlogEvents

/// Columns for people.
struct Table {
  private let headers: [String]
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  init(_ headers: [String], right: Set<Int> = []) {
    self.headers = headers
    rightAligned = right
  }

  /// When something was last or first heard of, in UTC, as every list of such things has it.
  static func minute(_ ms: Int64) -> String { time(ms, length: 16) }

  /// When one event happened, where they stand one below the other.
  static func second(_ ms: Int64) -> String { time(ms, length: 19) }

  private static func time(_ ms: Int64, length: Int) -> String {
    String(Timestamp.format(ms).prefix(length)).replacing("T", with: " ")
  }

  mutating func add(_ row: [String]) { rows.append(row.map(Terminal.safe)) }

  func print() {
    var widths = headers.map(\.count)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    Terminal.print(Terminal.dim(line(headers, widths)))
    for row in rows { Terminal.print(line(row, widths)) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
      let isLast = index == cells.count - 1
      line += rightAligned.contains(index) ? padding + cell : cell + (isLast ? "" : padding)
      if !isLast { line += "  " }
    }
    return line
  }
}
