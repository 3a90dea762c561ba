import FleetlogEvents

/// Figures in the text format 0.0.4 of Prometheus: a family's help and type, then its samples.
struct PrometheusText {
  enum Kind: String { case counter, gauge, histogram }

  typealias Labels = [(name: String, value: String)]

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var bytes: [UInt8] = []
  private var name = ""

  /// Begins a family; the samples that follow are its.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
  }

  /// A family of one sample.
  mutating func family(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
    family(name, kind, help)
    line(name, [], "\(value)")
  }

  mutating func sample(_ labels: Labels, _ value: some BinaryInteger) {
    line(name, labels, "\(value)")
  }

  mutating func sample(seconds value: Double, _ labels: Labels = []) {
    line(name, labels, "\(value)")
  }

  mutating func histogram(_ histogram: DurationHistogram, _ labels: Labels = []) {
    var below = 0
    for (bound, count) in zip(DurationHistogram.bounds, histogram.counts) {
      below += count
      line(name + "_bucket", labels + [("le", "\(bound)")], "\(below)")
    }
    line(name + "_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
    line(name + "_sum", labels, "\(histogram.sum)")
    line(name + "_count", labels, "\(histogram.count)")
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
    bytes += name.utf8
    if !labels.isEmpty {
      let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      bytes += "{\(list.joined(separator: ","))}".utf8
    }
    bytes += " \(value)\n".utf8
  }

  /// A line break would begin a sample of its own.
  private static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar.value < 0x20 ? "\u{FFFD}" : scalar)
      }
    }
    return text
  }
}
