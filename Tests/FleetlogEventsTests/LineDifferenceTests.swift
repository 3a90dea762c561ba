import FleetlogEvents
import Testing

@Suite("The difference of two texts")
struct LineDifferenceTests {
  private func marks(_ old: String, _ new: String, pairs: Int = 10_000) -> String {
    LineDifference.lines(from: old, to: new, pairs: pairs)
      .map { $0.sign.rawValue + $0.text }.joined(separator: "|")
  }

  @Test("shows changed lines with some unchanged ones around them, and where some are left out")
  func context() {
    let old = (1...20).map(String.init).joined(separator: "\n")
    let new = old.replacing("\n9\n", with: "\nnine\n")
    #expect(marks(old, new) == "…| 7| 8|-9|+nine| 10| 11")
  }

  @Test("finds what stayed between changes")
  func common() {
    #expect(marks("a\nb\nc\nd", "a\nx\nc\ny\nd") == " a|-b|+x| c|+y| d")
    #expect(marks("", "a\nb") == "+a|+b")
    #expect(marks("a", "") == "-a")
    #expect(marks("same", "same").isEmpty)
  }

  @Test("shows the whole stretch where comparing it would cost too much")
  func limit() {
    let old = (0..<300).map { "old \($0)" }.joined(separator: "\n")
    let new = (0..<300).map { "new \($0)" }.joined(separator: "\n")
    let lines = LineDifference.lines(from: old, to: new, pairs: 100)
    #expect(lines.count == 600)
    #expect(lines.prefix(300).allSatisfy { $0.sign == .removed })
  }

  @Test("applied to the old text it gives the new one, whatever they are")
  func roundTrip() {
    var seed: UInt64 = 42
    func random(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for _ in 0..<300 {
      let old = (0..<random(12)).map { _ in "line \(random(4))" }
      let new = (0..<random(12)).map { _ in "line \(random(4))" }
      let (from, to) = (old.joined(separator: "\n"), new.joined(separator: "\n"))
      let lines = LineDifference.lines(from: from, to: to, context: 100)
      guard from != to else { continue }
      #expect(lines.filter { $0.sign != .added }.map(\.text) == old)
      #expect(lines.filter { $0.sign != .removed }.map(\.text) == new)
    }
  }

  @Test("of whole files it tells that a last line has no end")
  func lastLine() {
    let lines = LineDifference.lines(from: "a\nb", to: "a\nb\n", isWhole: true)
    #expect(lines.map(\.sign) == [.same, .removed, .added])
    #expect(lines[1].text == "b (no newline at the end)")
  }
}
