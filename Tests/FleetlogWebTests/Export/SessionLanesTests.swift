import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("The lanes of a session's file")
struct SessionLanesTests {
  /// The steps in words: summaries, `<name` and `>` around a sub-agent's own.
  private func steps(_ drafts: [EventDraft]) throws -> [String] {
    let log = try TemporaryLog()
    try log.append(drafts)
    let reader = try log.reader()
    let detail = try #require(try reader.session("s1"))
    var lanes = SessionLanes(detail, from: reader, Preparation(.none, texts: 1))
    var words: [String] = []
    while let step = try lanes.next() {
      switch step {
      case .events(let events): words += events.map(\.summary)
      case .begin(let run, _): words.append("<\(run.instanceID)")
      case .end: words.append(">")
      }
    }
    return words
  }

  @Test("a sub-agent's events stand together where it started, those of its own sub-agents within")
  func nested() throws {
    let (outer, outerStart) = ExportSample.agent("outer", ts: 2000)
    let (inner, innerStart) = ExportSample.agent("inner", ts: 4000, parent: "run:outer")
    let words = try steps([
      .started("s1"), ExportSample.said("before", ts: 1000), outerStart,
      ExportSample.said("one", ts: 3000, run: outer), innerStart,
      ExportSample.said("deep", ts: 5000, run: inner), ExportSample.said("meanwhile", ts: 5500),
      ExportSample.said("two", ts: 6000, run: outer), ExportSample.said("after", ts: 7000),
    ])
    #expect(
      words == [
        "something happened", "before", "<outer", "outer", "one", "<inner", "inner", "deep", ">",
        "two", ">", "meanwhile", "after",
      ])
  }

  @Test("a result is right behind its call although a whole sub-agent lies between them")
  func results() throws {
    let (run, start) = ExportSample.agent("agent", ts: 2000)
    let words = try steps([
      .started("s1"), ExportSample.call("a", ts: 1000), start,
      ExportSample.said("within", ts: 3000, run: run), ExportSample.said("meanwhile", ts: 3500),
      ExportSample.result("a", ts: 4000, "done"),
    ])
    #expect(
      words == [
        "something happened", "make a", "make a: done", "<agent", "agent", "within", ">",
        "meanwhile",
      ])
  }

  @Test("runs that name each other as parents stand in the session itself, each event once")
  func cycle() throws {
    let (one, oneStart) = ExportSample.agent("one", ts: 1000, parent: "run:two")
    let (two, twoStart) = ExportSample.agent("two", ts: 2000, parent: "run:one")
    let words = try steps([
      .started("s1"), oneStart, twoStart, ExportSample.said("a", ts: 3000, run: one),
      ExportSample.said("b", ts: 4000, run: two),
    ])
    #expect(Set(words).isSuperset(of: ["a", "b", "one", "two"]))
    #expect(words.count { $0 == "a" } == 1 && words.count { $0 == "b" } == 1)
  }

  @Test("of a session longer than any stretch nothing is lost and nothing comes twice")
  func long() throws {
    var drafts = [EventDraft.started("s1")]
    let (run, start) = ExportSample.agent("agent", ts: 500_000)
    drafts.append(start)
    for number in 1...900 {
      drafts.append(ExportSample.call("\(number)", ts: Int64(number) * 1000 + 1))
      drafts.append(ExportSample.result("\(number)", ts: Int64(number + 40) * 1000 + 2, "r"))
      drafts.append(ExportSample.said("s\(number)", ts: Int64(number) * 1000 + 3, run: run))
    }
    let words = try steps(drafts).filter { $0 != ">" && !$0.hasPrefix("<") }
    #expect(words.count == drafts.count)
    #expect(Set(words).count == drafts.count)
    for number in [1, 199, 200, 201, 899] {
      let place = try #require(words.firstIndex(of: "make \(number)"))
      let result = try #require(words.firstIndex(of: "make \(number): done"))
      #expect(result > place && result - place < 400)
    }
  }
}
