import FleetlogEvents
import Testing

@testable import FleetlogDerive

@Suite("How a context filled up")
struct ContextReducerTests {
  private func piece(_ id: Int64, _ kind: ContextPiece.Kind, _ bytes: Int = 0) -> ContextPiece {
    ContextPiece(eventID: id, ts: id, kind: kind, bytes: bytes)
  }

  private func sum(_ fill: ContextFill) -> Int {
    fill.system + fill.user + fill.assistant + fill.toolResults + fill.other
  }

  @Test("The parts of every answer add up to the total that is known")
  func sums() {
    var pieces: [ContextPiece] = []
    for round in 0..<50 {
      let id = Int64(round * 4)
      pieces += [
        piece(id, .user, 13 * round), piece(id + 1, .assistant, 7 * round + 1),
        piece(id + 2, .toolResult, 101 * round),
        piece(id + 3, .call(tokens: 997 + 31 * round, window: nil)),
      ]
    }
    let fills = ContextReducer.fills(of: pieces)
    #expect(fills.count == 50)
    for fill in fills {
      #expect(sum(fill) == fill.total)
      #expect(min(fill.system, fill.user, fill.assistant, fill.toolResults, fill.other) >= 0)
    }
  }

  @Test("What no text explains at the first answer is the system's, and stays so")
  func system() {
    let fills = ContextReducer.fills(of: [
      piece(1, .user, 400), piece(2, .assistant, 4000), piece(3, .call(tokens: 1100, window: 8000)),
      piece(4, .toolResult, 8000), piece(5, .call(tokens: 5000, window: 8000)),
    ])
    #expect(fills[0].system == 1000)
    #expect(fills[0].user == 100)
    // The answer itself was not read for it.
    #expect(fills[0].assistant == 0)
    #expect(fills[1].system == 1000)
    #expect(fills[1].toolResults > fills[1].assistant)
    #expect(fills[1].window == 8000)
  }

  @Test("Where whoever asks counts, that is taken as it is, and once")
  func accounts() throws {
    let account = try #require(
      ContextAccount(
        JSONDocument(
          """
          {"system": 100, "tools": 50, "user": 7, "assistant": -3, "tool_results": "x",
          "other": 1, "method": "cl100k", "estimated": false}
          """
        ).root))
    let fills = ContextReducer.fills(of: [
      piece(1, .user, 400), piece(2, .account(account)), piece(3, .call(tokens: 170, window: nil)),
      piece(4, .call(tokens: 900, window: nil)),
    ])
    #expect(fills.map(\.total) == [158, 900])
    #expect(fills.map(\.isEstimated) == [false, true])
    #expect(fills[0].tools == 50)
    #expect(fills[0].method == "cl100k")
    #expect(fills[0].assistant == 0 && fills[0].toolResults == 0)
    #expect(ContextAccount(try JSONDocument("12000").root) == nil)
    #expect(ContextAccount(nil) == nil)
  }

  @Test("A compaction leaves but its summary, and nothing can exceed a total")
  func compacted() {
    let fills = ContextReducer.fills(of: [
      piece(1, .user, 4000), piece(2, .call(tokens: 3000, window: nil)),
      piece(3, .compacted, 400), piece(4, .call(tokens: 500, window: nil)),
      piece(5, .call(tokens: 0, window: nil)),
    ])
    #expect(fills.map(\.total) == [3000, 500])
    #expect(fills[1].user == 0)
    #expect(fills[1].system == 500)
  }
}
