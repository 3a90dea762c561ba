import FleetlogEvents
import FleetlogWeb
import Foundation

extension PageKit {
  /// What pages are made with, as the arguments and the environment name it.
  init(_ arguments: Arguments) throws {
    let assets = try Places.assets(arguments)
    try self.init(
      assets: assets, rules: Thresholds.rules(arguments),
      prices: Places.prices(arguments, assets: assets),
      differences: GitCounter(path: ProcessInfo.processInfo.environment["PATH"] ?? ""))
  }
}

extension Places {
  /// The dashboard's files, as the arguments and the environment name them.
  static func assets(_ arguments: Arguments) throws(Assets.Failure) -> Assets {
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    // The option's environment twin is FLEETLOG_ASSETS itself.
    return try Assets.locate(
      option: arguments.value("assets"), environment: nil, executable: executable)
  }

  /// What models cost: the file that is named, else the one that is shipped with the dashboard.
  static func prices(_ arguments: Arguments, assets: Assets?) throws -> PriceTable {
    guard let path = arguments.value("prices") ?? assets.map({ $0.root + "/Public/prices.json" })
    else { return .none }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(
        "can't read the price file \(path): name one that can be read with --prices or "
          + "FLEETLOG_PRICES, or install the dashboard's files anew")
    }
    return try PriceTable(json: Array(data), place: path)
  }
}
