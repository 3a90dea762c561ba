import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The scale of a timeline")
struct TimeScaleTests {
  private let minute: Int64 = 60_000

  @Test("without idle time, moments lie evenly")
  func even() {
    let scale = TimeScale(0..<100_000, busy: [0..<100_000])
    #expect(scale.gaps.isEmpty)
    #expect(abs(scale.percent(50_000) - 50) < 0.001)
    #expect(scale.percent(0) > 0)
    #expect(scale.percent(100_000) < 100)
  }

  @Test("idle time is cut short, and keeps its length in time")
  func gap() throws {
    let busy = [0..<10 * minute, 610 * minute..<620 * minute]
    let scale = TimeScale(0..<620 * minute, busy: busy)
    let gap = try #require(scale.gaps.first)
    #expect(scale.gaps.count == 1)
    #expect(gap.time == 10 * minute..<610 * minute)
    #expect(gap.place.upperBound - gap.place.lowerBound < 3)
    #expect(scale.percent(10 * minute) > 45)
  }

  @Test("idle time that is short beside the rest is drawn as it is")
  func shortGap() {
    let busy = [0..<60 * minute, 63 * minute..<120 * minute]
    #expect(TimeScale(0..<120 * minute, busy: busy).gaps.isEmpty)
  }

  @Test("while somebody is waited for, idle time is cut short later")
  func waited() {
    let busy = [0..<10 * minute, 14 * minute..<20 * minute]
    let gap = 10 * minute..<14 * minute
    #expect(TimeScale(0..<20 * minute, busy: busy).gaps.count == 1)
    #expect(TimeScale(0..<20 * minute, busy: busy, waits: [gap]).gaps.isEmpty)
  }

  @Test("of very many gaps the longest are cut short, and the rest keeps most of the room")
  func manyGaps() {
    let busy = (0..<100).map { Int64($0) * 60 * minute..<(Int64($0) * 60 + 1) * minute }
    let scale = TimeScale(0..<100 * 60 * minute, busy: busy)
    #expect(scale.gaps.count == 12)
    let cut = scale.gaps.reduce(0) { $0 + $1.place.upperBound - $1.place.lowerBound }
    #expect(cut < 40)
  }

  @Test(
    "every moment has a place, in order, and every place its moment",
    arguments: [1, 7, 1000, 86_400_000] as [Int64])
  func inverse(length: Int64) {
    let scale = TimeScale(
      0..<length * 10, busy: [0..<length, length * 8..<length * 9, length * 9..<length * 9])
    var last = -1.0
    for step in 0...100 {
      let moment = length * 10 * Int64(step) / 100
      let place = scale.percent(moment)
      #expect(place >= last)
      #expect((0...100).contains(place))
      #expect(abs(scale.moment(place) - moment) <= length / 1000 + 1)
      last = place
    }
  }

  @Test("an instant is a scale too")
  func instant() {
    let scale = TimeScale(5..<5, busy: [5..<5])
    #expect(scale.percent(5).isFinite)
    #expect(scale.start == 5)
  }

  @Test("labels of the axis keep their distance and stand at round moments or after a gap")
  func ticks() {
    let busy = [0..<10 * minute, 610 * minute..<640 * minute]
    let scale = TimeScale(0..<640 * minute, busy: busy)
    let ticks = TimeTicks(scale)
    #expect(ticks.ticks.count > 3)
    for (left, right) in zip(ticks.ticks, ticks.ticks.dropFirst()) {
      #expect(right.percent - left.percent >= 4.5)
      #expect(!scale.gaps.contains { $0.time.contains(right.ms) })
    }
    #expect(ticks.ticks.contains { $0.ms == 610 * minute })
  }

  private static let lengths: [Int64] = [
    1, 59, 60, 125, 3600, 82_800, 86_400, 259_200, 1_728_000, 25_920_000, 259_200_000,
    200_000_000_000,
  ]

  @Test(
    "from a second to six thousand years, ticks are round, differ in words and lie in the span",
    arguments: lengths)
  func roundTicks(seconds: Int64) throws {
    // Friday, 2 January 2026, 00:20:34.567
    let start: Int64 = 1_767_313_234_567
    let span = start..<start + seconds * 1000 + 500
    let ticks = TimeTicks(TimeScale(even: span))
    #expect(Set(ticks.ticks.map(\.words)).count == ticks.ticks.count)
    #expect((1...8).contains(ticks.ticks.count))
    for tick in ticks.ticks {
      #expect(span.contains(tick.ms))
      let iso = Timestamp.format(tick.ms)
      let isRound =
        switch ticks.form {
        case .second, .length: iso.hasSuffix(".000Z")
        case .time, .day: iso.hasSuffix("0:00.000Z") || iso.hasSuffix("5:00.000Z")
        case .date: iso.hasSuffix("T00:00:00.000Z")
        case .month: iso.hasSuffix("-01T00:00:00.000Z")
        case .year: iso.hasSuffix("-01-01T00:00:00.000Z")
        }
      #expect(isRound, "\(iso)")
    }
  }

  @Test("a whole day is told by times of day alone, none of them twice")
  func day() {
    let ticks = TimeTicks(TimeScale(even: 1_767_225_600_000..<1_767_312_000_000))
    #expect(ticks.ticks.map(\.words) == ["00:00", "06:00", "12:00", "18:00"])
  }

  @Test("what is counted from 0 leaves out no tick beside it")
  func counted() {
    let ticks = TimeTicks(TimeScale(even: 500..<11_900), countingFrom: 500)
    #expect(ticks.ticks.map(\.words) == ["0", "2 s", "4 s", "6 s", "8 s", "10 s"])
  }

  @Test("a day that is not today is told with its date")
  func datedDay() {
    let ticks = TimeTicks(TimeScale(even: 1_767_225_600_000..<1_767_312_000_000), isDated: true)
    #expect(ticks.ticks.map(\.words) == ["1 Jan 00:00", "1 Jan 12:00", "2 Jan 00:00"])
  }

  @Test("weeks begin on Mondays, and a year is told at its first tick")
  func weeks() {
    // 20 December 2025 to 20 January 2026.
    let ticks = TimeTicks(TimeScale(even: 1_766_188_800_000..<1_768_867_200_000))
    #expect(
      ticks.ticks.map(\.words) == ["22 Dec 2025", "29 Dec", "5 Jan 2026", "12 Jan", "19 Jan"])
  }

  @Test("labels never overlap: they move to another row, become shorter, or are left out")
  func labels() {
    var rows = LabelRows(rows: 2)
    let places = (0..<40).map { index in
      (Double(index) * 2.5, rows.place("contradiction", at: Double(index) * 2.5))
    }
    #expect(places.contains { $0.1 == nil })
    #expect(places.contains { $0.1?.row == 1 })
    let shown = places.compactMap { place in place.1.map { (place.0, $0) } }
    for row in 0..<2 {
      let spans = shown.filter { $0.1.row == row }.map { x, place in
        let width = Double(place.text.count) * 6.4 / LabelRows.narrowest * 100
        return switch place.anchor {
        case .start: x..<x + width
        case .middle: x - width / 2..<x + width / 2
        case .end: x - width..<x
        }
      }.sorted { $0.lowerBound < $1.lowerBound }
      for (left, right) in zip(spans, spans.dropFirst()) { #expect(!left.overlaps(right)) }
    }
  }
}
