import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("Figures and times in words")
struct WordingTests {
  @Test(
    "counts are exact while they are small and short when they are not",
    arguments: [
      (0, "0"), (999, "999"), (9_999, "9,999"), (10_000, "10 k"), (12_345, "12.3 k"),
      (123_456, "123 k"), (248_753, "249 k"), (99_960, "100 k"), (999_499, "999 k"),
      (999_960, "1 M"), (999_999, "1 M"), (1_049_999, "1 M"), (1_234_567, "1.2 M"),
      (7_594_021, "7.6 M"), (4_760_287, "4.8 M"), (99_950_000, "100 M"), (999_999_999, "1 G"),
      (3_000_000_000, "3 G"),
      (-1_234, "−1,234"),
    ])
  func counts(number: Int, text: String) {
    #expect(Wording.count(number) == text)
  }

  @Test(
    "money is told to the cent, and what is less than that is not nothing",
    arguments: [
      (0, "$0.00"), (1, "under $0.01"), (4_999_999_999, "under $0.01"), (5_000_000_000, "$0.01"),
      (7_420_000_000_000, "$7.42"), (7_424_999_999_999, "$7.42"), (7_425_000_000_000, "$7.43"),
      (99_999_995_000_000_000, "$100,000.00"), (1_234_567_890_000_000_000, "$1,234,567.89"),
    ] as [(Int128, String)])
  func money(picodollars: Int128, text: String) {
    #expect(Wording.money(Money(picodollars: picodollars)) == text)
  }

  @Test(
    "durations take the units that fit",
    arguments: [
      (0, "0 ms"), (850, "850 ms"), (1_000, "1 s"), (9_940, "9.9 s"), (14_200, "14 s"),
      (120_000, "2 min"), (3_600_000, "1 h"), (3_900_000, "1 h 5 min"), (97_200_000, "1 d 3 h"),
    ] as [(Int64, String)])
  func durations(ms: Int64, text: String) {
    #expect(Wording.duration(ms) == text)
  }

  @Test(
    "a confidence has at most two decimals",
    arguments: [
      (0, "0"), (0.05, "0.05"), (0.1, "0.1"), (0.85, "0.85"), (0.999, "1"), (1, "1"), (7, "1"),
    ])
  func confidences(value: Double, text: String) {
    #expect(Wording.confidence(value) == text)
  }

  @Test(
    "a share is told to the nearest tenth, and what is not all or not nothing is told so",
    arguments: [
      (10, 55, "18.2 %"), (2, 12, "16.7 %"), (1, 2, "50 %"), (0, 9, "0 %"), (9, 9, "100 %"),
      (9_999, 10_000, "99.9 %"), (1, 10_000, "0.1 %"), (0, 0, "0 %"),
    ])
  func shares(part: Int, whole: Int, text: String) {
    #expect(Wording.percent(part, of: whole) == text)
  }

  @Test("bytes take the units that fit")
  func bytes() {
    #expect(Wording.bytes(999) == "999 B")
    #expect(Wording.bytes(1_500) == "1.5 kB")
    #expect(Wording.bytes(2_000_000) == "2 MB")
    #expect(Wording.bytes(1_990_000) == "2 MB" && Wording.bytes(999_999) == "1 MB")
  }

  private static let noon: Int64 = 1_767_355_200_000

  @Test(
    "a time says as much as its distance from now asks for",
    arguments: [
      (-1_500, TimeText.Form.age, "1 s"), (-120_000, .age, "2 min"),
      (-5_400_000, .age, "1 h 30 min"),
      (-172_800_000, .age, "31 Dec 2025 12:00"), (-3_600_000, .clock, "11:00:00"),
      (-86_400_000, .clock, "1 Jan 12:00"), (-100_000_000_000, .clock, "2 Nov 2022 02:13"),
      (-100_000_000_000, .time, "02:13:20"), (-100_000_000_000, .day, "2 Nov 2022"),
      (0, .full, "2 Jan 2026, 12:00:00"),
    ] as [(Int64, TimeText.Form, String)])
  func times(distance: Int64, form: TimeText.Form, text: String) {
    #expect(TimeText(Self.noon + distance, now: Self.noon, as: form).text == text)
  }
}
