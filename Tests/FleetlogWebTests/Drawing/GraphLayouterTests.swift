import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogWeb

@Suite("Placing the boxes of a graph")
struct GraphLayouterTests {
  private static let boxes = [
    (name: "a", width: 200.0, height: 50.0), (name: "b", width: 100.0, height: 50.0),
  ]
  private static let arrows = [(from: "a", to: "b"), (from: "a", to: "b")]

  /// A program of a test's own, in a folder that vanishes.
  private func withProgram(
    _ script: String, _ body: (GraphLayouter, TemporaryFolder) throws -> Void
  ) throws {
    try TemporaryFolder.with { folder in
      let path = try folder.write("dot", "#!/bin/sh\n" + script)
      try folder.setMode("dot", 0o755)
      try body(GraphLayouter(program: path.text, deadline: 400), folder)
    }
  }

  @Test("Graphviz sets the later box to the right, with a course for every arrow")
  func real() throws {
    let outcome = GraphLayouter().layout(boxes: Self.boxes, arrows: Self.arrows)
    guard case .layout(let layout) = outcome else {
      // Without Graphviz the page says how to get it.
      #expect(outcome == .missing)
      return
    }
    let (a, b) = (try #require(layout.boxes["a"]), try #require(layout.boxes["b"]))
    #expect(a.x < b.x)
    #expect(layout.arrows.count == 2)
    #expect(layout.width > 300)
    for points in layout.arrows.values { #expect(points.count % 3 == 1) }
  }

  @Test("Without Graphviz it says so")
  func missing() {
    let layouter = GraphLayouter(program: "fleetlog-has-no-such-program")
    #expect(layouter.layout(boxes: Self.boxes, arrows: []) == .missing)
  }

  @Test("A child that takes too long is ended")
  func late() throws {
    try withProgram("echo $$ > \"${0%/*}/pid\"\nexec sleep 600\n") { layouter, folder in
      #expect(layouter.layout(boxes: Self.boxes, arrows: []) == .late)
      let text = try String(contentsOfFile: folder.path("pid").text, encoding: .utf8)
      let child = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(kill(child, 0) == -1)
    }
  }

  @Test("What is no layout, or a failure, is told and not drawn")
  func broken() throws {
    try withProgram("echo node before graph 1 2") { layouter, _ in
      guard case .failed = layouter.layout(boxes: Self.boxes, arrows: []) else {
        Issue.record("taken as a layout")
        return
      }
    }
    try withProgram("exit 3") { layouter, _ in
      guard case .failed(let why) = layouter.layout(boxes: Self.boxes, arrows: []) else {
        Issue.record("taken as a layout")
        return
      }
      #expect(why.contains("status 3"))
    }
  }

  @Test("The same graph is placed once")
  func cache() throws {
    try withProgram(
      "echo x >> \"${0%/*}/runs\"\necho graph 1 2 1\necho node a 1 0.5 1 1\necho stop\n"
    ) { layouter, folder in
      let first = layouter.layout(boxes: Self.boxes, arrows: [])
      #expect(layouter.layout(boxes: Self.boxes, arrows: []) == first)
      _ = layouter.layout(boxes: [Self.boxes[0]], arrows: [])
      let runs = try String(contentsOfFile: folder.path("runs").text, encoding: .utf8)
      #expect(runs == "x\nx\n")
    }
  }

  @Test("Inches upwards become px downwards")
  func units() throws {
    let text = """
      graph 1 4 2
      node a 1 1.5 1 1 "" solid box black lightgrey
      node b 3 0.5 1 1 "" solid box black lightgrey
      edge a b 4 1.5 1.5 2 1.5 2 0.5 2.5 0.5 solid black
      stop
      """
    let layout = try #require(GraphLayouter.parse(text, [("a", "b")]))
    #expect(layout.width == 288)
    #expect(layout.boxes["a"] == GraphLayout.Point(x: 72, y: 36))
    #expect(layout.arrows[0]?.first == GraphLayout.Point(x: 108, y: 36))
    #expect(layout.arrows[0]?.last == GraphLayout.Point(x: 180, y: 108))
  }
}
