import Foundation

/// Random numbers that can be had again: a test that uses them says its seed where it fails, and
/// `FLEETLOG_TEST_SEED` repeats it.
package struct SeededGenerator: RandomNumberGenerator {
  package let seed: UInt64
  private var state: UInt64

  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A generator with the seed of the environment, else with a new one.
  package static func new() -> SeededGenerator {
    let given = ProcessInfo.processInfo.environment["FLEETLOG_TEST_SEED"].flatMap { UInt64($0) }
    return SeededGenerator(seed: given ?? UInt64.random(in: 1...999_999))
  }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  package mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  package mutating func one<Element>(of choices: [Element]) -> Element {
    choices[below(choices.count)]
  }

  package mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }
}

extension String {
  /// Text that no compression makes much smaller.
  package static func noise(_ length: Int, using generator: inout SeededGenerator) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return String((0..<length).map { _ in letters[Int.random(in: 0..<64, using: &generator)] })
  }
}
