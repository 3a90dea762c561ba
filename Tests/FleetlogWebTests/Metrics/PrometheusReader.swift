import Testing

/// Reads the text format of Prometheus as strictly as its documentation has it.
struct PrometheusReader {
  struct Sample: Equatable {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  private(set) var types: [String: String] = [:]
  private(set) var samples: [Sample] = []

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Malformed(description: "the last line has no end") }
    var helped: Set<String> = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if line.hasPrefix("# ") {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { throw Malformed(description: "half a comment: \(line)") }
        switch words[1] {
        case "HELP":
          guard helped.insert(words[2]).inserted else {
            throw Malformed(description: "\(words[2]) is explained twice")
          }
        case "TYPE":
          guard types[words[2]] == nil, ["counter", "gauge", "histogram"].contains(words[3]) else {
            throw Malformed(description: "a wrong type: \(line)")
          }
          types[words[2]] = words[3]
        default: throw Malformed(description: "an unknown comment: \(line)")
        }
        continue
      }
      let sample = try Self.sample(line)
      guard types[family(of: sample.name)] != nil else {
        throw Malformed(description: "\(sample.name) has no type before it")
      }
      samples.append(sample)
    }
    let doubles = Dictionary(grouping: samples) { "\($0.name)\($0.labels.sorted { $0 < $1 })" }
    if let double = doubles.first(where: { $0.value.count > 1 }) {
      throw Malformed(description: "\(double.key) is told twice")
    }
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  func family(of name: String) -> String {
    for ending in ["_bucket", "_sum", "_count"] where name.hasSuffix(ending) {
      let stem = String(name.dropLast(ending.count))
      if types[stem] == "histogram" { return stem }
    }
    return name
  }

  /// Buckets that rise, end at infinity, and agree with the count.
  func checkHistogram(_ name: String, _ labels: [String: String] = [:]) throws {
    let buckets = samples.filter { sample in
      sample.name == name + "_bucket" && sample.labels.filter { $0.key != "le" } == labels
    }
    let counts = buckets.map(\.value)
    guard counts == counts.sorted(), buckets.last?.labels["le"] == "+Inf",
      counts.last == value(name + "_count", labels), value(name + "_sum", labels) != nil,
      buckets.dropLast().allSatisfy({ Double($0.labels["le"] ?? "") != nil })
    else { throw Malformed(description: "\(name) is no histogram") }
  }

  private static func sample(_ line: Substring) throws -> Sample {
    var rest = line[...]
    func fail(_ why: String) -> Malformed { Malformed(description: "\(why): \(line)") }
    func name(_ rest: inout Substring) throws -> String {
      let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard let first = name.first, !first.isNumber else { throw fail("no name") }
      rest = rest.dropFirst(name.count)
      return String(name)
    }
    let own = try name(&rest)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while rest.first != "}" {
        let label = try name(&rest)
        guard rest.hasPrefix("=\"") else { throw fail("a label without a value") }
        rest = rest.dropFirst(2)
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
          guard character == "\\" else {
            value.append(character)
            continue
          }
          switch rest.popFirst() {
          case "\\": value += "\\"
          case "\"": value += "\""
          case "n": value += "\n"
          default: throw fail("an unknown escape")
          }
        }
        guard labels.updateValue(value, forKey: label) == nil else { throw fail("a label twice") }
        if rest.first == "," { rest = rest.dropFirst() }
      }
      rest = rest.dropFirst()
    }
    guard rest.first == " ", let value = Double(rest.dropFirst()) else { throw fail("no number") }
    return Sample(name: own, labels: labels, value: value)
  }
}
