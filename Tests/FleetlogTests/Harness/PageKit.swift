import FleetlogDerive
import FleetlogEvents
import FleetlogWeb
import Foundation

@testable import fleetlog

extension PageKit {
  /// The files of this package, the rules as they are, no prices and no git.
  static func ofThisPackage() throws -> PageKit {
    try PageKit(
      assets: Assets(root: RunningProgram.package.path), rules: Synthesizer(), prices: .none,
      differences: GitCounter(path: ""))
  }
}
