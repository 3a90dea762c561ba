import Testing

@testable import FleetlogWeb

@Suite("An arrow of the drawing")
struct GraphDrawingTests {
  @Test("is named halfway from side to side, however its curves are cut")
  func label() {
    let course = [(0, 0), (10, 10), (20, 20), (30, 30), (50, 40), (80, 40), (100, 40)].map {
      GraphLayout.Point(x: Double($0.0), y: Double($0.1))
    }
    let place = GraphDrawing.halfway(course)
    #expect(abs(place.x - 50) < 5)
    #expect((30.0...40.0).contains(place.y))
    #expect(GraphDrawing.halfway([course[0]]) == course[0])
  }
}
