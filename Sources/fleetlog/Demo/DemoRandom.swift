import FleetlogEvents

/// Chance that repeats itself: one seed, one fleet. Every worker has a stream of its own, so that
/// what one does never depends on when another does it.
struct DemoRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64, _ name: String) {
    state = name.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// A span drawn from a range of seconds, in ms.
  mutating func span(_ seconds: ClosedRange<Double>) -> Int64 {
    Int64(Double.random(in: seconds, using: &self) * 1000)
  }

  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }

  mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[int(0...choices.count - 1)]
  }

  mutating func hex(_ length: Int) -> String { text(length, from: Array("0123456789abcdef")) }

  /// An identifier such as `toolu_01…`.
  mutating func name(_ prefix: String, _ length: Int) -> String {
    prefix + text(length, from: Self.letters)
  }

  /// - Parameter time: ms since the Unix epoch; opens the UUID (version 7) where it is given.
  mutating func uuid(at time: Int64? = nil) -> String {
    var digits = hex(32)
    if let time {
      let start = String(time, radix: 16)
      digits = String(repeating: "0", count: 12 - start.count) + start + digits.suffix(20)
    }
    let parts = [0..<8, 8..<12, 13..<16, 17..<20, 20..<32].map { range in
      String(digits.dropFirst(range.lowerBound).prefix(range.count))
    }
    return "\(parts[0])-\(parts[1])-\(time == nil ? 4 : 7)\(parts[2])-a\(parts[3])-\(parts[4])"
  }

  private mutating func text(_ length: Int, from letters: [Character]) -> String {
    String((0..<length).map { _ in pick(letters) })
  }

  private static let letters = Array(
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
