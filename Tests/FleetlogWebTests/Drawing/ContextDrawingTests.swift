import FleetlogEvents
import Foundation
import Testing

@testable import FleetlogWeb

@Suite("The picture of a context")
struct ContextDrawingTests {
  private func fill(_ id: Int64, _ system: Int, _ user: Int, _ results: Int) -> ContextFill {
    ContextFill(
      eventID: id, ts: id * 1000, total: system + user + results, system: system, user: user,
      assistant: 0, toolResults: results, other: 0, window: nil)
  }

  @Test("each answer leads to its event and says what it had read, the parts as estimates")
  func answers() {
    let svg = ContextDrawing(fills: [fill(7, 1000, 0, 0), fill(9, 1000, 500, 1500)]).draw().text
    #expect(svg.contains("href=\"/events/7\""))
    #expect(svg.contains("href=\"/events/9\""))
    #expect(svg.contains("at most 3,000 tokens, at the end 3,000; its parts are estimated"))
    #expect(svg.contains("3,000 tokens; system, tools and what no record shows about 1,000"))
    #expect(svg.contains("class=\"area system\""))
    // Nobody said anything else.
    #expect(!svg.contains("class=\"area other\""))
  }

  @Test("the areas lie upon each other and reach as high as the fullest context")
  func areas() {
    let svg = ContextDrawing(fills: [fill(1, 50, 0, 0), fill(2, 50, 0, 50)]).draw().text
    #expect(svg.contains("class=\"area system\" points=\"0,51 100,51 100,96 0,96 \""))
    #expect(svg.contains("class=\"area results\" points=\"0,51 100,6 100,51 0,51 \""))
  }

  @Test("of thousands of answers the fullest of each column is drawn")
  func many() {
    let fills = (1...5000).map { fill(Int64($0), 100, $0 == 2500 ? 9000 : 10, 0) }
    let svg = ContextDrawing(fills: fills).draw().text
    #expect(svg.ranges(of: "<a ").count == 120)
    #expect(svg.contains("href=\"/events/2500\""))
    #expect(svg.utf8.count < 60_000)
  }

  @Test("one answer is no picture")
  func few() {
    #expect(ContextDrawing(fills: []).draw().isEmpty)
    #expect(ContextDrawing(fills: [fill(1, 5, 5, 5)]).draw().isEmpty)
  }
}
