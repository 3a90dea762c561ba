import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("The list of events")
struct EventsPageTests {
  private func page(
    _ filter: EventFilter = EventFilter(), rows: [EventPage.Row] = [], next: EventCursor? = nil,
    matched: Int = 0, isExact: Bool = true, partial: String? = nil, facets: [Facet] = []
  ) throws -> String {
    let page = EventsPage(
      view: EventsView(filter),
      page: EventPage(
        rows: rows, next: next, matched: matched, matchedIsExact: isExact, partialReason: partial),
      histogram: Histogram(bucketWidth: 1, buckets: [], isExact: true), facets: facets,
      now: 10)
    return try Templates.ofThisPackage().fill(page).text
  }

  @Test("each filter in force can be removed while the others stay")
  func chips() throws {
    var filter = EventFilter()
    filter.text = "login"
    filter.types = ["blocked", "failed"]
    let html = try page(filter)
    #expect(html.contains("href=\"/events?type=blocked&amp;type=failed\""))
    #expect(html.contains("href=\"/events?q=login&amp;type=failed\""))
    #expect(html.contains("href=\"/events?q=login&amp;type=blocked\""))
  }

  @Test("a facet's value is added to the filter, and taken away again where it is in force")
  func facets() throws {
    var filter = EventFilter()
    filter.types = ["blocked"]
    let facet = Facet(
      parameter: "type",
      values: [Facet.Value(name: "blocked", count: 3), Facet.Value(name: "failed", count: 1)],
      isExact: true)
    let html = try page(filter, facets: [facet])
    #expect(html.contains("href=\"/events?type=blocked&amp;type=failed\" title=\"failed\""))
    #expect(html.contains("href=\"/events\" title=\"blocked\" aria-current=\"true\""))
  }

  @Test("the next page keeps the filter and carries the cursor")
  func paging() throws {
    var filter = EventFilter()
    filter.attention = true
    let html = try page(filter, next: EventCursor(ts: 5, id: 6))
    #expect(html.contains("href=\"/events?attention=1&amp;after=5_6\""))
  }

  @Test("a count that was stopped says that it is a lower bound, and why")
  func partial() throws {
    let html = try page(matched: 10_000, isExact: false, partial: "Stopped after 250 ms.")
    #expect(html.contains("at least 10,000 events"))
    #expect(html.contains("Stopped after 250 ms."))
  }

  @Test("what was found is marked in its snippet")
  func snippets() throws {
    let row = EventPage.Row(
      event: .sample(), snippet: Snippet(text: "the <login> failed", matches: [4..<11]))
    #expect(try page(rows: [row]).contains("the <mark>&lt;login&gt;</mark> failed"))
  }

  @Test("nothing found and nothing there are different states")
  func empty() throws {
    var filter = EventFilter()
    filter.text = "x"
    #expect(try page(filter).contains("No event matches these filters."))
    #expect(try page().contains("The log is empty."))
  }
}
