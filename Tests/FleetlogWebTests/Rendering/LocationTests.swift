import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("Addresses")
struct LocationTests {
  @Test("every value in an address is encoded")
  func encoding() {
    let location = Location("sessions", "a/b c?#%&é", query: [("q", "x=1&y \"<ü>")])
    #expect(
      location.description
        == "/sessions/a%2Fb%20c%3F%23%25%26%C3%A9?q=x%3D1%26y%20%22%3C%C3%BC%3E")
  }

  @Test("the overview is the root, and its twin follows the rule of all others")
  func roots() {
    #expect(Location().description == "/")
    #expect(Location().twin.description == "/.json")
    #expect(Location.event(7).twin.description == "/events/7.json")
  }

  @Test("an id that ends like a twin keeps a page of its own")
  func twinLikeID() {
    #expect(Location.session("run.json").description == "/sessions/run%2Ejson")
    #expect(Location.session("run.json").twin.description == "/sessions/run%2Ejson.json")
  }

  @Test("a filter read from its own address is the same filter")
  func filterRoundTrip() throws {
    var filter = EventFilter()
    filter.text = "a & b"
    filter.types = ["blocked", "x=y"]
    filter.attention = true
    filter.since = 1_000
    let query = try #require(
      try RequestTarget(Array(Location.events(filter).description.utf8)).query as [QueryItem]?)
    let again = try EventFilter(parameters: query.map { ($0.name, $0.value ?? "") }, now: 0)
    #expect(again == filter)
  }
}
