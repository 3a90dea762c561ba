import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("Drawing a timeline")
struct TimelineDrawingTests {
  private func draw(_ sketch: CourseSketch, _ runs: [RunSummary] = [CourseSketch.run(1)]) -> String
  {
    TimelineDrawing(sketch.timeline(runs), name: "The session") { "#e\($0)" }.draw().text
  }

  @Test("a span leads to its entry, has a place to be led to, and says what it is")
  func span() {
    var sketch = CourseSketch()
    let call = sketch.call("Bash", 0, 14.2, failed: true)
    let html = draw(sketch)
    #expect(html.contains("href=\"#e\(call)\" id=\"s\(call)\""))
    #expect(html.contains("tool_call \(call) · failed · 00:00:00 UTC, 14 s"))
    #expect(html.contains("class=\"b command failed\""))
  }

  @Test("every place is there once, also where a model's time ends in a call")
  func places() {
    var sketch = CourseSketch()
    sketch.add(.messageUser, at: 0, by: .operator)
    for index in 0..<20 { sketch.call("Read", Double(index) * 3 + 1, Double(index) * 3 + 2) }
    sketch.add(.needsDecision, at: 80)
    sketch.add(.messageUser, at: 90, by: .operator)
    let timeline = sketch.timeline()
    let html = draw(sketch)
    for place in Set(timeline.places.values) {
      #expect(html.ranges(of: "id=\"s\(place)\"").count == 1, "\(place)")
    }
  }

  @Test("a wait is a band with its length, a gap is torn with its own")
  func bands() {
    var sketch = CourseSketch()
    sketch.call("Bash", 0, 600)
    sketch.add(.needsDecision, at: 600)
    sketch.add(.messageUser, at: 900, by: .operator)
    sketch.call("Bash", 900, 1200)
    sketch.call("Bash", 20_000, 20_600)
    let html = draw(sketch)
    #expect(html.contains("waits for you, 5 min"))
    #expect(html.contains("no new event for 5 h 13 min"))
    #expect(html.contains(">5 h 13 min</text>"))
    #expect(html.ranges(of: "class=\"tear\"").count == 2)
  }

  @Test("what was inferred is marked so, what was said is not")
  func inferred() {
    var sketch = CourseSketch()
    sketch.call("Bash", 0, 100)
    sketch.add(.progress, at: 20)
    sketch.add(.stale, at: 80, inferred: true)
    let html = draw(sketch)
    #expect(html.contains("\"ev tone-work\""))
    #expect(html.contains("\"ev tone-stale inferred\""))
  }

  @Test("an agent hangs on the call that started it")
  func spawn() {
    var sketch = CourseSketch()
    let call = sketch.add(.toolCall, at: 0, tool: "Task")
    sketch.call("Bash", 5, 10, run: 2)
    sketch.add(.toolResult, at: 20, answers: call)
    sketch.spawned(2, by: call)
    let html = draw(sketch, [CourseSketch.run(1), CourseSketch.run(2, parent: 1)])
    #expect(html.ranges(of: "class=\"spawned\"").count == 2)
  }

  @Test("an agent's lane is called by what it was started for, else by what tells it from others")
  func names() {
    var sketch = CourseSketch()
    sketch.add(.messageAssistant, at: 0)
    sketch.call("Bash", 5, 10, run: 2)
    sketch.call("Bash", 5, 10, run: 3)
    let runs = [
      CourseSketch.run(1),
      CourseSketch.run(2, parent: 1, summary: "Sub-agent (explorer): Read the till"),
      CourseSketch.run(3, parent: 1, summary: "Sub-agent started in /home/ada/shop"),
    ]
    let names = TimelineDrawing(sketch.timeline(runs), name: "The session") { "#e\($0)" }
      .drawNames().text
    for name in ["Read the till", "agent-3"] {
      #expect(names.contains(">\(name)</text>"), "\(names)")
    }
  }

  @Test("five thousand calls are drawn in little room")
  func size() {
    var sketch = CourseSketch()
    for index in 0..<2500 { sketch.call("Read", Double(index), Double(index) + 0.5) }
    #expect(draw(sketch).utf8.count < 500_000)
  }
}
