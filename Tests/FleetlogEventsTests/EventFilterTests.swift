import FleetlogEvents
import Testing

@Suite("Filters as parameters")
struct EventFilterTests {
  private static let now: Int64 = 1_800_000_000_000

  private func filter(_ parameters: [(String, String)]) throws -> EventFilter {
    try EventFilter(parameters: parameters.map { (name: $0, value: $1) }, now: Self.now)
  }

  @Test("Every parameter sets its field, the repeatable ones as often as they come")
  func parameters() throws {
    let filter = try filter([
      ("q", "word"), ("type", "failed"), ("type", "blocked"), ("session", "s"), ("run", "7"),
      ("run", "8"), ("instance", "i"), ("role", "worker"), ("source_kind", "system"),
      ("agent", "a"), ("project", "p"), ("branch", "b"), ("tag", "t"), ("tag", "u"),
      ("min_severity", "3"), ("attention", "1"), ("action_required", "true"), ("risk", "1"),
      ("since", "1h"), ("until", "2027-01-15T08:00:00Z"), ("sort", "oldest"), ("limit", "500"),
      ("after", "5_6"),
    ])
    var expected = EventFilter()
    expected.text = "word"
    expected.types = ["failed", "blocked"]
    expected.sessions = ["s"]
    expected.runs = [7, 8]
    expected.instances = ["i"]
    expected.roles = ["worker"]
    expected.sourceKinds = ["system"]
    expected.agents = ["a"]
    expected.projects = ["p"]
    expected.branches = ["b"]
    expected.tags = ["t", "u"]
    expected.minSeverity = 3
    expected.attention = true
    expected.actionRequired = true
    expected.risk = true
    expected.since = Self.now - 3_600_000
    expected.until = 1_800_000_000_000
    expected.sort = .oldest
    expected.limit = 500
    expected.after = EventCursor(ts: 5, id: 6)
    #expect(filter == expected)
  }

  @Test("Blank values, as a form sends them, mean nothing")
  func blanks() throws {
    #expect(try filter(["q", "type", "run", "since", "limit"].map { ($0, "") }) == EventFilter())
    #expect(try filter([("attention", "0"), ("risk", "false")]) == EventFilter())
  }

  @Test(
    "A bad value names its parameter and says what it takes",
    arguments: [
      ("run", "x"), ("run", "0"), ("run", "-1"), ("source_kind", "alien"), ("min_severity", "0"),
      ("min_severity", "6"), ("min_severity", "high"), ("attention", "2"),
      ("action_required", "x"), ("risk", "yes"), ("since", "yesterday"), ("until", "1.5h"),
      ("sort", "best"), ("type", "failed,blocked"), ("limit", "0"), ("limit", "501"),
      ("limit", "x"), ("after", "x"), ("after", "1_2_3"), ("after", "1_-2"), ("after", "_"),
    ])
  func refusals(name: String, value: String) throws {
    let error = #expect(throws: EventFilter.ParameterError.self) { try filter([(name, value)]) }
    #expect(error?.parameter == name)
    #expect(error?.value == value)
    #expect(error?.takes.isEmpty == false)
  }

  @Test("What is no parameter is told in a plain sentence, wherever it is asked for")
  func unknown() {
    func said(_ body: () throws(EventFilter.ParameterError) -> Void) -> String? {
      do { try body() } catch {
        #expect(error.parameter == "foo")
        return "\(error)"
      }
      return nil
    }
    let foo = [(name: "foo", value: "bar")]
    let sentence = "foo=bar is not understood: there is no such parameter"
    #expect(
      said { () throws(EventFilter.ParameterError) in
        _ = try EventFilter(parameters: foo, now: Self.now)
      } == sentence)
    #expect(
      said { () throws(EventFilter.ParameterError) in
        _ = try RunQuery(parameters: foo, now: Self.now)
      } == sentence)
    #expect(
      said { () throws(EventFilter.ParameterError) in
        _ = try GraphQuery(parameters: foo, now: Self.now)
      } == sentence)
    #expect(
      said { () throws(EventFilter.ParameterError) in
        _ = try WorkerQuery(parameters: foo, now: Self.now)
      } == sentence)
  }

  @Test("How it stood with workers can be asked of what is past, not of what is to come")
  func momentToCome() throws {
    func query(_ at: Int64) throws -> WorkerQuery {
      try WorkerQuery(parameters: [("at", String(at))], now: Self.now)
    }
    #expect(try query(Self.now).moment == Self.now)
    let error = #expect(throws: EventFilter.ParameterError.self) {
      try query(Self.now + 3_600_000)
    }
    #expect(error?.takes == "a moment that is past, not one to come")
  }

  @Test("A type that a transcript chose is asked for as it is, commas and all")
  func oddType() throws {
    #expect(try filter([("type", "a(b),<c>")]).types == ["a(b),<c>"])
  }

  @Test("A span of time that ends before it begins is refused")
  func reversedSpan() throws {
    let error = #expect(throws: EventFilter.ParameterError.self) {
      try filter([("since", "1h"), ("until", "2h")])
    }
    #expect(error?.parameter == "since")
    #expect(try filter([("since", "5"), ("until", "5")]).since == 5)
  }

  @Test("A filter's parameters make the same filter again, without its cursor")
  func roundTrip() throws {
    let given = [
      ("q", "a \"b c\" -d"), ("type", "failed"), ("type", "x.y"), ("session", "s&=é"), ("run", "7"),
      ("instance", "i"), ("role", "r"), ("source_kind", "worker"), ("agent", "a"),
      ("project", "/p"), ("branch", "b"), ("tag", "t"), ("min_severity", "2"), ("attention", "1"),
      ("action_required", "1"), ("risk", "1"), ("since", "5"), ("until", "6"), ("sort", "rank"),
      ("limit", "7"), ("after", "1_2"),
    ]
    var filter = try filter(given)
    let written = filter.parameters.map { ($0.name, $0.value) }
    #expect(written.map(\.0) == given.dropLast().map(\.0))
    #expect(written.map(\.1) == given.dropLast().map(\.1))
    filter.after = nil
    #expect(try self.filter(written) == filter)
    #expect(EventFilter().parameters.isEmpty)
  }

  @Test("A cursor's text is read as the same cursor, also before 1970")
  func cursors() {
    for cursor in [EventCursor(ts: -5, id: 0), EventCursor(ts: Int64.max, id: Int64.max)] {
      #expect(EventCursor(cursor.description) == cursor)
    }
  }

  @Test("A snippet is cut at its matches")
  func snippetParts() {
    let parts = Snippet(text: "éa b", matches: [0..<2, 4..<5]).parts
    #expect(parts.map(\.text) == ["é", "a ", "b"])
    #expect(parts.map(\.isMatch) == [true, false, true])
    #expect(Snippet(text: "x", matches: [0..<9, 5..<6]).parts.map(\.text) == ["x"])
  }
}
