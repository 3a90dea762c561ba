import FleetlogTestSupport
import Testing

@testable import FleetlogEvents

@Suite("Times")
struct TimeTests {
  @Test(
    "RFC 3339 is read in its variants",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01", 0),
      ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
      ("2026-01-02t03:04:05.678z", 1_767_323_045_678),
      ("2026-01-02 03:04:05,678Z", 1_767_323_045_678),
      ("2026-01-02T03:04:05.678901234Z", 1_767_323_045_678),
      ("2026-01-02T03:04:05.6Z", 1_767_323_045_600), ("2026-01-02T03:04Z", 1_767_323_040_000),
      ("2026-01-02T03:04:05", 1_767_323_045_000), ("2026-01-02T05:04:05+02:00", 1_767_323_045_000),
      ("2026-01-01T21:34:05-05:30", 1_767_323_045_000),
      ("2026-01-02T05:04:05+0200", 1_767_323_045_000),
      ("2026-01-02T05:04:05+02", 1_767_323_045_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
      ("2000-02-29T00:00:00Z", 951_782_400_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
      ("1969-12-31T23:59:59.999Z", -1), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
      ("0000-01-01T00:00:00Z", -62_167_219_200_000),
    ] as [(String, Int64)])
  func parsing(text: String, ms: Int64) {
    #expect(Timestamp.parse(text) == ms)
  }

  @Test(
    "What is no stamp is refused",
    arguments: [
      "", "x", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31", "2026-00-01",
      "2026-13-01", "2026-01-00", "2026-01-32", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:61Z", "2026-01-01T00:00:00Zjunk", "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00+05:", "2026-01-01T00:00:00+05:60",
      "2026-01-01T00:00:00+5", "2026-1-1", "26-01-01", "2026-01-01T", "2026-01-01T00",
      "2026-01-01T00:00:00 Z", " 2026-01-01", "2026/01/01", "+2026-01-01", "２０２６-01-01",
      "2026-01-01T00:00:00\u{0}Z",
    ])
  func refusals(text: String) {
    #expect(Timestamp.parse(text) == nil)
  }

  @Test("Every stamp that is written is read as the same time")
  func roundTrip() {
    var random = SeededGenerator.new()
    for _ in 0..<5000 {
      let ms = Int64.random(in: -62_167_219_200_000...Timestamp.latest, using: &random)
      #expect(Timestamp.parse(Timestamp.format(ms)) == ms, "seed \(random.seed)")
    }
    #expect(Timestamp.format(1_767_323_045_678) == "2026-01-02T03:04:05.678Z")
    #expect(Timestamp.format(-1) == "1969-12-31T23:59:59.999Z")
  }

  @Test("Days run through without a gap, leap years and centuries included")
  func calendar() {
    for day in stride(from: Int64(-719_528), to: 2_932_896, by: 97) {
      let (year, month, dayOfMonth) = Timestamp.civil(day)
      #expect(Timestamp.days(year: year, month: month, day: dayOfMonth) == day)
    }
  }

  @Test("Any time can be written, however far away")
  func extremes() {
    for ms in [Int64.min, Int64.max, 0] { #expect(!Timestamp.format(ms).isEmpty) }
  }

  @Test(
    "A filter's time is a stamp, ms, or a span back from now",
    arguments: [
      ("15m", 1_000_000_000 - 900_000), ("2h", 1_000_000_000 - 7_200_000),
      ("7d", 1_000_000_000 - 604_800_000), ("30s", 999_970_000),
      ("1w", 1_000_000_000 - 604_800_000), ("0m", 1_000_000_000), ("12345", 12345), ("0", 0),
      ("1970-01-02T00:00:00Z", 86_400_000), ("253402300799999", Timestamp.latest),
    ] as [(String, Int64)])
  func expressions(text: String, ms: Int64) {
    #expect(TimeExpression.parse(text, now: 1_000_000_000) == ms)
  }

  @Test(
    "Another text is no time",
    arguments: [
      "", "m", "-5m", "5y", "1.5h", "99999999999999999999", "253402300800000", "-1", "yesterday",
      "9223372036854775807d", "5 m", "1000001d",
    ])
  func otherExpressions(text: String) {
    #expect(TimeExpression.parse(text, now: 1_000_000_000) == nil)
  }
}
