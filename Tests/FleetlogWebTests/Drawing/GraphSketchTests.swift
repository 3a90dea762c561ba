import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("What of a graph is drawn")
struct GraphSketchTests {
  private func node(_ id: Int64, _ type: EventType = .blocked) -> LinkGraph.Node {
    LinkGraph.Node(
      event: .sample(type, id: id, ts: id * 1000),
      worker: WorkerName(instance: "worker-\(id)", role: "worker"), isOver: false)
  }

  private func edge(
    _ from: Int64, _ relation: RelationType, _ to: Int64
  ) -> LinkGraph.Edge {
    LinkGraph.Edge(
      id: from * 1000 + to, from: from, to: to, relation: relation, metadata: nil)
  }

  private func sketch(
    _ nodes: [LinkGraph.Node], _ edges: [LinkGraph.Edge], root: Int64? = nil, budget: Int = 60
  ) -> GraphSketch {
    GraphSketch(
      LinkGraph(nodes: nodes, edges: edges, partialReason: nil), root: root, budget: budget)
  }

  private func counts(_ sketch: GraphSketch) -> [String] {
    sketch.boxes.compactMap { box in
      if case .more(let count, let words, _) = box.content { "\(count) \(words)" } else { nil }
    }
  }

  @Test("What several events come from stands out")
  func root() throws {
    let sketch = sketch(
      [node(1), node(2), node(3)], [edge(2, .blockedBy, 1), edge(3, .blockedBy, 1)])
    #expect(sketch.boxes.filter(\.isRoot).map(\.name) == ["n1"])
    let root = try #require(sketch.boxes.first)
    #expect(root.width > sketch.boxes[1].width)
  }

  @Test("Time runs along every arrow of the layout, whichever way the link reads")
  func time() {
    let sketch = sketch([node(1), node(2)], [edge(2, .blockedBy, 1), edge(1, .blocks, 2)])
    #expect(sketch.arrows.map(\.isBackwards) == [true, false])
  }

  @Test("Duplicates are a count; who is blocked by what it repeats is not drawn twice")
  func duplicates() {
    let repeats = (2...4).map { edge(Int64($0), .duplicates, 1) }
    let folded = sketch((1...4).map { node(Int64($0)) }, repeats)
    #expect(counts(folded) == ["3 duplicates"])
    #expect(folded.arrows.count == 1)
    let both = sketch([node(1), node(2)], [edge(2, .blockedBy, 1), edge(2, .duplicates, 1)])
    #expect(both.arrows.map(\.relation) == [.blockedBy])
  }

  @Test("Like neighbours beyond a few are a count")
  func alike() {
    let nodes = (1...12).map { node(Int64($0)) }
    let sketch = sketch(nodes, (2...12).map { edge(Int64($0), .blockedBy, 1) })
    #expect(counts(sketch) == ["6 more blocked"])
    #expect(sketch.boxes.count == 7)
    #expect(sketch.left == 0)
  }

  @Test("Who asks for one event sees each of its neighbours, as far as there is room")
  func expanded() {
    let nodes = (1...12).map { node(Int64($0)) }
    let edges = (2...12).map { edge(Int64($0), .blockedBy, 1) }
    let whole = sketch(nodes, edges, root: 1)
    #expect(counts(whole) == [])
    #expect(whole.boxes.count == 12)
    let part = sketch(nodes, edges, root: 1, budget: 5)
    #expect(part.boxes.count == 5)
    #expect(part.left == 7)
  }

  @Test("Beyond the budget the heaviest groups are drawn and the rest is counted")
  func budget() {
    var nodes: [LinkGraph.Node] = []
    var edges: [LinkGraph.Edge] = []
    for pair in 0..<10 {
      let (one, two) = (Int64(pair * 2 + 1), Int64(pair * 2 + 2))
      nodes += [node(one), node(two)]
      edges.append(edge(two, .resolves, one))
    }
    nodes += [node(31), node(32), node(33)]
    edges += [edge(32, .blockedBy, 31), edge(33, .blockedBy, 31)]
    let sketch = sketch(nodes, edges, budget: 7)
    #expect(sketch.boxes.count == 7)
    #expect(sketch.left == 16)
    #expect(Set(sketch.boxes.map(\.name)).isSuperset(of: ["n31", "n32", "n33"]))
  }

  @Test("The drawing is escaped, says inferred things so, and has no style of its own")
  func drawing() {
    let hostile = LinkGraph.Node(
      event: .sample(
        .stale, id: 1, ts: 0, text: "<script>alert(1)</script>",
        provenance: "hub-inferred: silence"),
      worker: WorkerName(instance: "w", role: "worker", project: "/srv/</text>"), isOver: false)
    let sketch = GraphSketch(
      LinkGraph(nodes: [hostile], edges: [], partialReason: nil), root: 1)
    var layout = GraphLayout(width: 300, height: 100)
    layout.boxes["n1"] = GraphLayout.Point(x: 150, y: 50)
    let svg = String(
      decoding: GraphDrawing(sketch: sketch, layout: layout, now: 60_000).draw().bytes,
      as: UTF8.self)
    #expect(svg.contains("&lt;script&gt;"))
    #expect(!svg.contains("<script"))
    #expect(svg.contains("stale · text&gt;"))
    #expect(!svg.contains("style="))
    #expect(svg.contains("node tone-stale inferred"))
  }

  @Test(
    "Text is cut by its width", arguments: [("abcdef", "abc…"), ("abc", "abc"), ("请求超时", "请…")])
  func cut(text: String, expected: String) {
    #expect(GraphDrawing.cut(text, 3) == expected)
  }
}
