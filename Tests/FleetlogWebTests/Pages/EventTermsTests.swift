import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("The words on an event's page")
struct EventTermsTests {
  @Test("are explained where they stand, each of them")
  func explained() throws {
    let event = StoredEvent.sample(text: "x")
    let detail = EventDetail(
      event: event, links: [], receipt: nil, previousInSession: nil, nextInSession: nil,
      sessions: ["s"])
    let html = try Templates.ofThisPackage().fill(
      SingleEventPage(detail: detail, payload: .empty, now: 5)
    ).text
    let parts = html.split(separator: "<details class=\"terms\">")
    #expect(parts.count == 2)
    func names(_ html: Substring) -> [String] {
      html.split(separator: "<dt>").dropFirst().map {
        String($0.prefix { $0 != "<" })
      }
    }
    #expect(Set(names(parts[0])) == Set(names(parts[1])))
    #expect(names(parts[1]).count == 16)
  }

  @Test("leave out what the event does not have")
  func absent() {
    let terms = EventTerms.explaining([NamedValue("severity", "3 of 5"), NamedValue("odd", "x")])
    #expect(terms.map(\.name) == ["severity"])
  }
}
