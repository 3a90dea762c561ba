import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("A completion that asks for an action and names a pull request")
struct ReviewTests {
  private let templates: Templates
  private static let query = WorkerQuery(moment: 10, isNow: true)

  init() throws { templates = try .ofThisPackage() }

  private func done(_ kind: String = "github_pr", title: String = "Dedupe") -> StoredEvent {
    let reference = ArtifactReference(
      kind: kind, url: "https://example.org/shop/pull/482", title: title, source: "tool_output")
    return .sample(
      .completed, id: 1, ts: 1, session: "a", text: "done",
      artifacts: JSONObject.array(of: [reference.json]))
  }

  private func page(of event: StoredEvent) throws -> String {
    let detail = EventDetail(
      event: event, links: [], receipt: nil, previousInSession: nil, nextInSession: nil,
      sessions: [])
    return try templates.fill(SingleEventPage(detail: detail, payload: .empty, now: 5)).text
  }

  @Test("is shown as a needed review with the pull request's handle, and names its type")
  func event() throws {
    let html = try page(of: done())
    #expect(html.contains("<span class=\"chip tone-wait\">review needed</span>"))
    #expect(html.contains("href=\"https://example.org/shop/pull/482\""))
    #expect(html.contains(">#482</a>"))
    #expect(html.contains("<a href=\"/events?type=completed\">completed</a>"))
  }

  @Test("stays a completion where it names no pull request")
  func noPullRequest() throws {
    let html = try page(of: done("commit"))
    #expect(!html.contains("review needed"))
    #expect(html.contains("<span class=\"chip tone-ok\">completed</span>"))
  }

  @Test("is put away by a command that stands there, until something has resolved it")
  func putAway() throws {
    let event = StoredEvent.sample(.blocked, id: 62, text: "stuck", attention: true)
    func page(_ links: [StoredLink], _ event: StoredEvent) throws -> String {
      let detail = EventDetail(
        event: event, links: links, receipt: nil, previousInSession: nil, nextInSession: nil,
        sessions: [])
      return try templates.fill(
        SingleEventPage(detail: detail, payload: .empty, database: "/no/my log.db", now: 5)
      ).text
    }
    let command = "fleetlog log decided --db &#39;/no/my log.db&#39; --resolves 62</code>"
    #expect(try page([], event).contains(command))
    let answer = StoredLink(
      id: 1, relation: .resolves, direction: .incoming, other: .sample(.decided, id: 70, text: "x"),
      createdAt: 1, metadata: nil)
    let over = try page([answer], event)
    #expect(!over.contains("put-away"))
    #expect(try page([], event).contains("asks for attention"))
    #expect(over.contains("asked for attention"))
    #expect(!over.contains("asks for attention"))
    #expect(!(try page([], .sample(.progress, id: 5, text: "x")).contains("put-away")))
  }

  @Test("brings no markup along in the pull request's title")
  func hostile() throws {
    #expect(!(try page(of: done(title: "\"><script>"))).contains("\"><script>"))
  }

  @Test("is what the worker's state says")
  func worker() throws {
    let view = WorkerView(.complete, since: 1, evidence: [1])
    let idle = WorkerView(.idle, since: 1, evidence: [2])
    let state = WorkerState(
      reported: view, observed: idle, inferred: view, reasons: [], facts: WorkerFacts())
    let run = RunSummary(
      id: 1, key: "k", parentID: nil, instanceID: "W1", role: "worker", sessionID: "a",
      startedAt: 1, lastAt: 1, events: 1, summary: "")
    var worker = Worker(
      run: run, agent: nil, title: nil, project: nil, branch: nil, tokens: 0, state: state,
      children: [])
    func shown() throws -> String {
      let list = WorkerList(workers: [worker], known: 1, partialReason: nil)
      return try templates.fill(WorkersPage(query: Self.query, list: list, parameters: [])).text
    }
    #expect(!(try shown()).contains("review needed"))
    #expect(JSONTwin.worker(worker).text.contains("\"review\":null"))
    worker.review = done().review
    #expect(try shown().contains("review needed: <a href=\"https://example.org/shop"))
    #expect(JSONTwin.worker(worker).text.contains("\"review\":{"))
  }
}

@Suite("The page of an inferred event")
struct InferredEventPageTests {
  @Test("says from what, and links the receipts of its evidence before its payload")
  func evidence() throws {
    let templates = try Templates.ofThisPackage()
    let call = StoredEvent.sample(.toolCall, id: 3, text: "npm install")
    let link = StoredLink(
      id: 1, relation: .causedBy, direction: .outgoing, other: call, createdAt: 1,
      metadata: "{\"by\":\"rule\",\"rule\":\"silence/1\"}")
    let event = StoredEvent.sample(
      .stale, id: 4, text: "no output", provenance: "hub-inferred: no output for 30 min")
    let detail = EventDetail(
      event: event, links: [link], receipt: nil, previousInSession: nil, nextInSession: nil,
      sessions: [])
    let html = try templates.fill(
      SingleEventPage(detail: detail, payload: .empty, now: 5)
    ).text
    #expect(html.contains("Inferred, not said: no output for 30 min."))
    #expect(html.contains("<a href=\"/events/3#receipt\">receipt</a>"))
    let parts = html.split(separator: "id=\"links\"")
    #expect(parts.count == 2)
    #expect(parts.last?.contains("id=\"payload\"") == true)
  }
}
