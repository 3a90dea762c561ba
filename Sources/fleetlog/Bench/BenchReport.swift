import FleetlogEvents

/// One thing that was measured.
struct BenchFigure: Sendable {
  enum Unit: String, Sendable {
    /// So many times as much, or so fast, as something measured in the same run.
    case ratio = "×"
    case megabytesPerSecond = "MB/s"
    case perSecond = "/s"
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "µs"
    case percent = "%"
    case megabytes = "MB"
    case count = ""
  }

  /// Its name in JSON.
  let key: String
  /// Its name for people.
  let words: String
  let value: Double
  /// The 95th percentile of what `value` is the median of.
  var tail: Double?
  let unit: Unit

  init(_ key: String, _ words: String, _ value: Double, _ unit: Unit) {
    self.key = key
    self.words = words
    self.value = value
    self.unit = unit
  }

  /// The median and the 95th percentile of times in ms.
  init(_ key: String, _ words: String, _ times: Percentiles) {
    self.init(key, words, times[50] ?? 0, .milliseconds)
    tail = times[95]
  }

  init(_ key: String, _ words: String, _ count: Int) {
    self.init(key, words, Double(count), .count)
  }

  /// For people.
  var text: String {
    let number = Self.number(value, unit) + (tail.map { " / " + Self.number($0, unit) } ?? "")
    return number + (unit == .ratio || unit == .count ? "" : " ") + unit.rawValue
  }

  func write(to object: inout JSONObject) {
    if unit == .count { return object.set(key, Int(value)) }
    guard let tail else { return object.set(key, value) }
    object.set(key + "_p50_ms", value)
    object.set(key + "_p95_ms", tail)
  }

  private static func number(_ value: Double, _ unit: Unit) -> String {
    if unit == .count { return grouped(Int(value)) }
    let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3
    return value >= 9999.5 ? grouped(Int(value.rounded())) : fixed(value, digits)
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let whole = Int((value * Double(scale)).rounded())
    guard digits > 0 else { return "\(whole)" }
    let rest = "\(whole % scale)"
    return "\(whole / scale)." + String(repeating: "0", count: digits - rest.count) + rest
  }

  private static func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text += "," }
      text.append(digit.element)
    }
  }
}

/// What one stage measured, at one size of the log where it goes through several.
struct BenchResult: Sendable {
  let stage: BenchStage
  /// The size in words; nil where there is but one.
  var size: String?
  var figures: [BenchFigure] = []
}

/// Everything that a run measured, and where.
struct BenchReport: Sendable {
  let machine: BenchMachine
  /// What was asked for, as option and value.
  let settings: [(name: String, value: String)]
  var results: [BenchResult] = []

  /// One JSON document; figures are bare numbers in the unit that their names end in.
  var json: JSONObject {
    var object = JSONObject()
    object.set("machine", machine.json)
    var asked = JSONObject()
    for setting in settings { asked.set(setting.name, setting.value) }
    object.set("settings", asked)
    object.set(
      "results",
      results.map { result in
        var entry = JSONObject()
        entry.set("stage", result.stage.rawValue)
        entry.set("size", result.size)
        var figures = JSONObject()
        for figure in result.figures { figure.write(to: &figures) }
        entry.set("figures", figures)
        return entry
      })
    return object
  }

  /// The tables: the ratios of all stages, then each stage with a column for each size.
  var tables: [BenchTable] {
    var tables: [BenchTable] = []
    let ratios = results.flatMap { result in
      result.figures.filter { $0.unit == .ratio }.map { (result, $0) }
    }
    if !ratios.isEmpty {
      var table = BenchTable(title: "Ratios", columns: ["ratio"])
      for (result, figure) in ratios {
        let size = result.size.map { " at \($0)" } ?? ""
        table.rows.append(("\(result.stage.rawValue)\(size): \(figure.words)", [figure.text]))
      }
      tables.append(table)
    }
    for stage in BenchStage.allCases {
      let results = results.filter { $0.stage == stage }
      guard !results.isEmpty else { continue }
      var table = BenchTable(title: stage.title, columns: results.map { $0.size ?? "measured" })
      var seen: Set<String> = []
      for figure in results.flatMap(\.figures)
      where figure.unit != .ratio && seen.insert(figure.key).inserted {
        let cells = results.map { result in
          result.figures.first { $0.key == figure.key }?.text ?? ""
        }
        table.rows.append((figure.words, cells))
      }
      if !table.rows.isEmpty { tables.append(table) }
    }
    return tables
  }

  var markdown: String {
    let asked = settings.map { "--\($0.name) \($0.value)" }.joined(separator: " ")
    let head = "Measured by `fleetlog bench \(asked)` on \(machine.sentence).\n"
    return ([head] + tables.map(\.markdown)).joined(separator: "\n")
  }
}

struct BenchTable: Sendable {
  let title: String
  let columns: [String]
  var rows: [(name: String, cells: [String])] = []

  init(title: String, columns: [String]) {
    self.title = title
    self.columns = columns
  }

  var markdown: String {
    var lines = ["| \(title) | " + columns.joined(separator: " | ") + " |"]
    lines.append("|---|" + columns.map { _ in "---:|" }.joined())
    for row in rows { lines.append("| \(row.name) | " + row.cells.joined(separator: " | ") + " |") }
    return lines.joined(separator: "\n") + "\n"
  }

  func print() {
    var table = Table([title] + columns, right: Set(1...columns.count))
    for row in rows { table.add([row.name] + row.cells) }
    table.print()
  }
}
