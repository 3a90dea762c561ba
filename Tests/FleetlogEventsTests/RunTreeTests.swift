import Testing

@testable import FleetlogEvents

@Suite("A tree of runs")
struct RunTreeTests {
  private static func worker(
    _ id: Int64, parent: Int64? = nil, at start: Int64? = nil, role: String = "worker"
  ) -> Worker {
    let view = WorkerView(.unknown, since: nil)
    let run = RunSummary(
      id: id, key: "run:\(id)", parentID: parent, instanceID: "W\(id)", role: role, sessionID: nil,
      startedAt: start ?? id, lastAt: id, events: 1, summary: "")
    return Worker(
      run: run, agent: nil, title: nil, project: nil, branch: nil, tokens: 0,
      state: WorkerState(
        reported: view, observed: view, inferred: view, reasons: [], facts: WorkerFacts()),
      children: [])
  }

  private static func lines(_ tree: RunTree) -> [String] {
    tree.nodes.map { String(repeating: ".", count: $0.depth) + String($0.run.id) }
  }

  @Test("stands each run under the one that spawned it, siblings by their beginning")
  func order() {
    let tree = RunTree([
      Self.worker(5, parent: 2), Self.worker(1), Self.worker(4, parent: 1, at: 40),
      Self.worker(2, parent: 1, at: 50), Self.worker(3),
    ])
    #expect(Self.lines(tree) == ["1", ".4", ".2", "..5", "3"])
    #expect(tree.nodes.map(\.parent) == [nil, 0, 0, 2, nil])
    #expect(tree.nodes.map(\.children) == [2, 0, 1, 0, 0])
    #expect(tree.nodes.allSatisfy { $0.oddity == nil })
  }

  @Test("shows a run without its parent at the top, and what it calls it")
  func orphan() {
    let tree = RunTree([Self.worker(1), Self.worker(2)], parentKeys: [2: "run:gone"])
    #expect(tree.nodes.map(\.oddity) == [nil, .missingParent(key: "run:gone")])
  }

  @Test("shows a run that names itself once, at the top")
  func ownParent() {
    let tree = RunTree([Self.worker(1, parent: 1), Self.worker(2)], parentKeys: [2: "run:2"])
    #expect(Self.lines(tree) == ["1", "2"])
    #expect(tree.nodes.map(\.oddity) == [.ownParent, .ownParent])
  }

  @Test("cuts a circle before the run that began first, and shows each of it once")
  func circle() {
    let tree = RunTree([
      Self.worker(1, parent: 3), Self.worker(2, parent: 1), Self.worker(3, parent: 2),
      Self.worker(4, parent: 2),
    ])
    #expect(Self.lines(tree) == ["1", ".2", "..3", "..4"])
    #expect(tree.nodes.map(\.oddity) == [.circle, nil, nil, nil])
  }

  @Test("may be as deep as it likes")
  func deep() {
    let tree = RunTree((1...20_000).map { Self.worker($0, parent: $0 == 1 ? nil : $0 - 1) })
    #expect(tree.nodes.last?.depth == 19_999)
  }

  @Test("keeps whole trees where something is asked for")
  func keeping() {
    let tree = RunTree([
      Self.worker(1), Self.worker(2, parent: 1), Self.worker(3),
      Self.worker(4, parent: 3, role: "x"),
      Self.worker(5),
    ]).keeping { $0.run.role == "x" }
    #expect(Self.lines(tree) == ["3", ".4"])
    #expect(tree.nodes.map(\.parent) == [nil, 0])
    #expect(tree.nodes.map(\.children) == [1, 0])
  }
}
