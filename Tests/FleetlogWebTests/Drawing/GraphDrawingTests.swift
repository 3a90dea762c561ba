import Testing

@testable import FleetlogWeb

@Suite("An arrow of the drawing")
struct GraphDrawingTests {
  @Test("is named halfway from side to side, however its curves are cut")
  func label() {
    let course = [(0, 0), (10, 10), (20, 20), (30, 30), (50, 40), (80, 40), (100, 40)].map {
      GraphLayout.Point(x: Double($0.0), y: Double($0.1))
    }
    var taken: [GraphDrawing.Place] = []
    let place = GraphDrawing.label("resolves", along: course, besides: &taken)
    #expect(abs(place.x - 50) < 5)
    #expect((30.0...40.0).contains(place.y))
    #expect(taken.count == 1)
    #expect(GraphDrawing.label("x", along: [course[0]], besides: &taken) == course[0])
  }

  @Test("is not named under a box that it passes, nor where another is")
  func free() {
    let course = [0, 100, 200, 300].map { GraphLayout.Point(x: $0, y: 50) }
    let box = GraphDrawing.Place(x: 100, y: 0, width: 100, height: 50)
    var taken = [box]
    for _ in 0..<2 { _ = GraphDrawing.label("resolves", along: course, besides: &taken) }
    for (index, place) in taken.enumerated() {
      #expect(!taken[..<index].contains { $0.touches(place) })
    }
  }
}
