/// A set of measurements by rank: the value that so many percent of them do not exceed.
struct Percentiles: Sendable {
  private let sorted: [Double]

  init(_ samples: [Double]) { sorted = samples.sorted() }

  var count: Int { sorted.count }

  /// By nearest rank, so always one of the measurements; nil where there is none.
  subscript(_ percent: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    let rank = (percent / 100 * Double(sorted.count)).rounded(.up)
    return sorted[min(sorted.count, max(1, Int(rank))) - 1]
  }
}
