import Testing

@testable import FleetlogWeb

@Suite("Excerpts of long texts")
struct ExcerptTests {
  @Test("a short text is shown whole")
  func short() {
    let excerpt = Excerpt.prose("one\ntwo")
    #expect(excerpt.head == "one\ntwo")
    #expect(excerpt.folded == nil)
  }

  @Test("a long output shows the lines that tell and the last ones, with its length")
  func output() {
    let lines = (1...80).map { $0 == 40 ? "error: expected 1, found 2" : "step \($0)" }
    let excerpt = Excerpt.output(lines.joined(separator: "\n"), isContent: false, isError: true)
    #expect(excerpt.head == "error: expected 1, found 2\n…\nstep 78\nstep 79\nstep 80")
    #expect(excerpt.folded == lines.joined(separator: "\n"))
    #expect(excerpt.length.hasPrefix("80 lines, "))
  }

  @Test("of what was read only the length is shown at first")
  func content() {
    let excerpt = Excerpt.output(
      String(repeating: "line\n", count: 50), isContent: true, isError: false)
    #expect(excerpt.head == "")
    #expect(excerpt.folded != nil)
  }

  @Test("a word of a source is no failure, and closing brackets say nothing")
  func source() {
    let lines = (1...40).map { "  throw error(\($0))" } + ["  }", "}", ""]
    let excerpt = Excerpt.output(
      lines.joined(separator: "\n"), isContent: false, isError: false)
    #expect(excerpt.head == "  throw error(40)")
  }

  @Test("a text beyond what a page carries is cut between characters and says so")
  func cut() {
    let excerpt = Excerpt.prose(String(repeating: "é", count: 1000), bytes: 11, limit: 101)
    #expect(excerpt.isCut)
    #expect(excerpt.head == "ééééé…")
    #expect(excerpt.folded == String(repeating: "é", count: 50) + "…")
  }
}
