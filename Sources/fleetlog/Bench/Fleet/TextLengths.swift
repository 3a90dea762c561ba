/// How long texts are: a table of measured quantiles, between which lengths are drawn.
struct TextLengths: Sendable {
  private let quantiles: [(share: Double, bytes: Double)]

  init(_ quantiles: [(share: Double, bytes: Double)]) { self.quantiles = quantiles }

  func draw(_ random: inout DemoRandom) -> Int {
    let share = Double(random.next() >> 11) / Double(1 << 53)
    for (low, high) in zip(quantiles, quantiles.dropFirst()) where share < high.share {
      let place = (share - low.share) / (high.share - low.share)
      return Int(low.bytes + (high.bytes - low.bytes) * place)
    }
    return Int(quantiles.last?.bytes ?? 0)
  }

  // Taken from real transcripts of 2025 and 2026, in bytes; their longest ones are longer still.
  static let prompts = TextLengths([(0, 12), (0.1, 40), (0.5, 160), (0.9, 900), (1, 6000)])
  static let replies = TextLengths([(0, 20), (0.1, 50), (0.5, 190), (0.9, 1300), (1, 5000)])
  static let thoughts = TextLengths([(0, 80), (0.1, 150), (0.5, 450), (0.9, 1700), (1, 3500)])
  static let edits = TextLengths([(0, 30), (0.1, 60), (0.5, 300), (0.9, 1500), (1, 6000)])
  static let results = TextLengths([
    (0, 10), (0.1, 40), (0.5, 480), (0.9, 3200), (0.99, 13_000), (1, 80_000),
  ])
  static let files = TextLengths([(0, 400), (0.1, 2500), (0.5, 6500), (0.9, 19_000), (1, 60_000)])
  static let images = TextLengths([(0, 8000), (0.5, 100_000), (0.9, 300_000), (1, 900_000)])
  static let encrypted = TextLengths([(0, 700), (0.1, 900), (0.5, 1150), (0.9, 5000), (1, 20_000)])
  /// Whole transcripts.
  static let sessions = TextLengths([
    (0, 4000), (0.1, 20_000), (0.5, 140_000), (0.9, 700_000), (0.99, 3_000_000), (1, 8_000_000),
  ])
}
