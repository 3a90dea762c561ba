import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("A view of the events")
struct EventsViewTests {
  private func view(_ parameters: KeyValuePairs<String, String>) throws -> EventsView {
    try EventsView(parameters: parameters.map { ($0.key, $0.value) }, now: 0)
  }

  @Test("its address holds the filter and the manner, whatever the filter becomes")
  func address() throws {
    let view = try view(["type": "blocked", "compare": "1d", "density": "compact"])
    #expect(view.filter.types == ["blocked"])
    #expect(view.location().description == "/events?type=blocked&compare=1d&density=compact")
    #expect(view.location(EventFilter()).description == "/events?compare=1d&density=compact")
    #expect(
      view.changed { $0.comparison = nil }.description == "/events?type=blocked&density=compact")
    let again = try self.view(["compare": "previous", "density": "normal"])
    #expect(again.location().description == "/events?compare=previous")
  }

  @Test(
    "a manner that can't be taken is refused by its name",
    arguments: [("compare", "later"), ("compare", "0d"), ("density", "low"), ("colour", "red")])
  func refusals(name: String, value: String) {
    #expect {
      try EventsView(parameters: [(name, value)], now: 0)
    } throws: { error in
      (error as? EventFilter.ParameterError)?.parameter == name
    }
  }

  @Test(
    "words are quoted as a shell reads them back",
    arguments: [
      ("plain-1.2/x", "plain-1.2/x"), ("two words", "'two words'"), ("", "''"),
      ("it's", #"'it'\''s'"#), ("$(rm -rf /)", "'$(rm -rf /)'"), ("a\nb", "'a\nb'"), ("~", "'~'"),
      ("日本", "'日本'"), ("a=b", "'a=b'"),
    ])
  func quoting(word: String, quoted: String) {
    #expect(CopyAs.quoted(word) == quoted)
  }

  @Test("the command and the request name every parameter, and the page that one is on")
  func copies() throws {
    var filter = try view(["attention": "1", "q": "a b", "min_severity": "3", "limit": "5"]).filter
    filter.after = EventCursor(ts: 7, id: 8)
    let copy = CopyAs(filter: filter, database: "/no/log.db", origin: "http://localhost:7450")
    #expect(
      copy.command
        == "fleetlog events --db /no/log.db --q 'a b' --min-severity 3 --attention --limit 5 "
        + "--after 7_8")
    #expect(
      copy.curl
        == "curl -s 'http://localhost:7450/events.json?q=a%20b&min_severity=3&attention=1&limit=5"
        + "&after=7_8'")
  }

  @Test("where a token is asked for, the request says how it is read, and not what it is")
  func token() throws {
    let copy = CopyAs(
      filter: try view([:]).filter, database: "/no/log.db", origin: "https://fleet.example",
      tokenFile: "/no/my token")
    #expect(
      copy.curl.hasPrefix(
        "curl -s -H \"Authorization: Bearer $(fleetlog token --token-file '/no/my token')\" "
          + "https://fleet.example/events.json"))
  }
}
