import FleetlogDerive
import FleetlogEvents

/// The rules with the thresholds that the command line gives them.
enum Thresholds {
  static let option = Option(
    name: "threshold", value: "NAME=VALUE",
    help: "sets a threshold of the rules (times as 45s, 30m, 24h): "
      + SynthesisOptions.thresholds.map(\.name).joined(separator: ", "),
    isRepeatable: true, isTable: true)

  /// - Parameter arguments: each value may hold several, with commas between, as the environment
  ///   has only one.
  static func rules(_ arguments: Arguments) throws(UsageError) -> Synthesizer {
    var options = SynthesisOptions()
    for setting in arguments.values(option.name).flatMap({ $0.split(separator: ",") }) {
      let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2,
        let threshold = SynthesisOptions.thresholds.first(where: { $0.name == parts[0] })
      else {
        throw UsageError(
          "\(arguments.called(option.name)) can't be \"\(setting)\": it takes NAME=VALUE, with a "
            + "name of " + SynthesisOptions.thresholds.map(\.name).joined(separator: ", "))
      }
      switch threshold.value {
      case .time(let path):
        guard let time = TimeExpression.span(parts[1]), time > 0 else {
          throw UsageError(
            "\(parts[0]) can't be \"\(parts[1])\": it takes a time such as 45s, 30m or 24h")
        }
        options[keyPath: path] = time
      case .count(let path):
        guard let count = Int(parts[1]), (1...1_000_000).contains(count) else {
          throw UsageError(
            "\(parts[0]) can't be \"\(parts[1])\": it takes a whole number from 1 to 1000000")
        }
        options[keyPath: path] = count
      }
    }
    return Synthesizer(options)
  }
}
