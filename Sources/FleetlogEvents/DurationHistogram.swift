/// How long something took, each time: counted between fixed bounds, so that it costs the same
/// however often it happens.
package struct DurationHistogram: Sendable, Equatable {
  /// Seconds, rising. What took exactly so long counts below the bound.
  package static let bounds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// One count for each bound, and one for what took longer than the last.
  package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// Seconds in all.
  package private(set) var sum = 0.0

  package init() {}

  package var count: Int { counts.reduce(0, +) }

  package mutating func add(_ duration: Duration) {
    let (whole, rest) = duration.components
    let seconds = Double(whole) + Double(rest) / 1e18
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
  }
}
