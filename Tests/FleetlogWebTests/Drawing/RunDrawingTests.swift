import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The drawing of runs")
struct RunDrawingTests {
  private static func worker(
    _ id: Int64, from start: Int64, to end: Int64, parent: Int64? = nil, failed: Bool? = nil
  ) -> Worker {
    var facts = WorkerFacts()
    if let failed {
      facts.exit = WorkerFacts.Exit(
        mark: .init(id: id + 100, ts: end), hasFailed: failed, words: "exited with status 3")
    }
    let view = WorkerView(failed == true ? .failed : .idle, since: end)
    let run = RunSummary(
      id: id, key: "run:\(id)", parentID: parent, instanceID: "W\(id)", role: "worker",
      sessionID: nil, startedAt: start, lastAt: end, events: 1, summary: "run \(id)")
    return Worker(
      run: run, agent: nil, title: nil, project: nil, branch: nil, tokens: 0,
      state: WorkerState(
        reported: view, observed: view, inferred: view, reasons: [], facts: facts),
      children: [])
  }

  private static let hour: Int64 = 3_600_000
  /// Long after, so that nothing goes on.
  private static let now = 1000 * hour

  private func draw(_ workers: [Worker]) -> String {
    RunDrawing(nodes: RunTree(workers).nodes, now: Self.now).draw().text
  }

  @Test("gives each run a row, a bar for its time and a link, and a line from its parent")
  func rows() {
    let html = draw([
      Self.worker(1, from: 0, to: 4 * Self.hour),
      Self.worker(2, from: Self.hour, to: 2 * Self.hour, parent: 1, failed: true),
    ])
    #expect(html.contains(#"<rect class="bar" x="25%" y="55" width="25%" height="10"/>"#))
    #expect(html.contains(#"<line class="spawned" x1="25%" x2="25%" y1="41" y2="60"/>"#))
    #expect(html.contains(#"<a tabindex="-1" href="/runs/2">"#))
    #expect(html.contains("1 h · exited with status 3</text>"))
  }

  @Test("says behind a bar that leaves no room only how long it took")
  func behind() {
    let html = draw([Self.worker(1, from: 0, to: Self.hour, failed: true)])
    #expect(html.contains(#"<text class="took" x="100%" dx="6""#))
    #expect(html.contains(">1 h</text>"))
    #expect(!html.contains("exited with status 3</text>"))
  }

  @Test("counts a short span from its start")
  func short() {
    let ticks = draw([Self.worker(1, from: 0, to: 4000)])
    for tick in ["0", "1 s", "2 s", "3 s", "4 s"] { #expect(ticks.contains(">\(tick)</text>")) }
    #expect(!ticks.contains("data-ms"))
    #expect(draw([Self.worker(1, from: 0, to: 4 * Self.hour)]).contains("data-ms"))
  }

  @Test("a short span has no two ticks of the same words")
  func differing() {
    let ticks = draw([Self.worker(1, from: 0, to: 117_000)]).split(separator: "<")
      .filter { $0.hasPrefix("text class=\"tick") }
      .compactMap { $0.split(separator: ">").last.map(String.init) }
    #expect(ticks == ["0", "30 s", "1 min", "1 min 30 s"])
  }

  @Test("of nothing is nothing")
  func empty() { #expect(draw([]).isEmpty) }
}
