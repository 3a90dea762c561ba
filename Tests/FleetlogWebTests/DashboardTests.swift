import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

extension HTTPResponse {
  fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}

@Suite("The dashboard")
struct DashboardTests {
  @Test("says what serves which log, and which folders are watched, also those that are not there")
  func program() throws {
    var program = ServingProgram()
    program.figures = {
      var figures = ServingFigures()
      figures.version = "9.8.7"
      return figures
    }
    program.folders = {
      [
        WatchedFolder(path: "/srv/agents", state: .watched),
        WatchedFolder(path: "/srv/later", state: .awaited),
        WatchedFolder(path: "/srv/file", state: .refused("it is no folder")),
      ]
    }
    let bench = try DashboardBench(program: program)
    for path in ["/srv/agents/a.jsonl", "/srv/agents/b/c.jsonl", "/srv/agents-not/d.jsonl"] {
      _ = try bench.log.addSource(path)
    }
    let status = try bench.ask("/healthz").text
    #expect(status.contains("<dd>9.8.7</dd>"))
    #expect(status.contains("<dt>up for</dt><dd>1 s, since"))
    #expect(status.contains("\(bench.log.path)</span>, "))
    for page in [status, try bench.ask("/sources").text] {
      #expect(page.contains("/srv/agents</span> <span class=\"quiet\">2 files</span>"))
      #expect(page.contains("not there yet; read as soon as it is"))
      #expect(page.contains("can’t be watched: it is no folder"))
    }
    let twin = try bench.ask("/healthz.json").text
    #expect(twin.contains(#""version":"9.8.7""#))
    #expect(twin.contains(#"{"path":"/srv/later","state":"awaited","files":0}"#))
    #expect(
      try DashboardBench().ask("/healthz").text.contains("none: this server only shows the log"))
  }

  private static let run = RunIdentity(
    key: "run:test:1", instanceID: "worker-1", role: "worker", sessionID: "s/1.json")

  private static func drafts() -> [EventDraft] {
    func draft(_ type: EventType, _ ts: Int64, _ summary: String) -> EventDraft {
      var draft = EventDraft(
        type, ts: 1_767_300_000_000 + ts, run: run, sourceKind: .worker, summary: summary)
      draft.idempotencyKey = "k\(ts)"
      return draft
    }
    var first = draft(.processStarted, 0, "started")
    first.idempotencyKey = run.key
    var blocked = draft(.blocked, 1000, "registry login expired")
    blocked.payload.set("text", "403 from the registry")
    return [first, blocked, draft(.completed, 2000, "done")]
  }

  @Test(
    "no address shows a secret, in whatever form it answers",
    arguments: [
      "/", "/events", "/events?q=marmalade", "/events/2", "/sessions",
      "/workers", "/runs", "/runs/1", "/tasks", "/graph", "/sources", "/validation", "/healthz",
    ])
  func masked(address: String) throws {
    let secret = "ghp_" + String(repeating: "aB3", count: 12)
    var draft = EventDraft(
      .blocked, ts: 2000, run: Self.run, sourceKind: .worker, summary: "marmalade \(secret)")
    draft.payload.set("reason", "marmalade and \(secret)")
    draft.tags = [secret]
    let bench = try DashboardBench(drafts: Self.drafts() + [draft])
    let path = address.split(separator: "?", maxSplits: 1)
    let query = path.count > 1 ? "?" + path[1] : ""
    let forms =
      address.hasPrefix("/events") && !address.hasPrefix("/events/")
      ? ["", ".json", ".csv", ".ndjson"] : ["", path[0] == "/" ? "" : ".json"]
    for form in forms {
      let answer = try bench.ask(path[0] + form + query)
      #expect(answer.status == 200, "\(path[0] + form + query): \(answer.status)")
      #expect(!answer.text.contains("aB3aB3"), "\(path[0] + form + query)")
    }
  }

  @Test(
    "every page answers with HTML and its twin with JSON, in an empty log and in a filled one",
    arguments: [
      "/", "/events", "/sessions", "/workers", "/tasks", "/graph", "/sources", "/validation",
      "/healthz",
    ])
  func pages(path: String) throws {
    for bench in [try DashboardBench(), try DashboardBench(drafts: Self.drafts())] {
      let page = try bench.ask(path)
      #expect(page.status == 200)
      #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
      #expect(page.text.hasPrefix("<!doctype html>"))
      #expect(page.text.hasSuffix("</html>\n"))
      let twin = try bench.ask(path + ".json")
      #expect(twin.status == 200)
      #expect(twin.headers["Content-Type"] == "application/json")
      #expect(try JSONDocument(twin.body).root.isObject)
    }
  }

  @Test("the drawing of a graph stands alone, with its colours in the pages' own file")
  func drawing() throws {
    let response = try DashboardBench(drafts: Self.drafts()).ask("/graph.svg?root=2")
    guard response.status == 200 else {
      // Without Graphviz there is none, which is said.
      #expect(response.status == 503)
      #expect(response.text.contains("graphviz"))
      return
    }
    #expect(response.headers["Content-Type"] == "image/svg+xml")
    #expect(
      response.text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml-stylesheet "))
    #expect(response.text.contains("xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(response.text.contains("registry login expired"))
  }

  @Test("a session's exports and the events of a view are answered in each form")
  func exports() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    for (path, type) in [
      ("/export/sessions/s%2F1.json.html", "text/html; charset=utf-8"),
      ("/export/sessions/s%2F1.json.json", "application/json"),
      ("/export/sessions/s%2F1.json.ndjson", "application/x-ndjson"),
      ("/export/sessions/s%2F1.json.md", "text/markdown; charset=utf-8"),
      ("/events.csv?type=blocked", "text/csv; charset=utf-8"),
      ("/events.ndjson?q=registry", "application/x-ndjson"),
    ] {
      let response = try bench.ask(path)
      #expect(response.status == 200, "\(path)")
      #expect(response.headers["Content-Type"] == type)
      #expect(response.text.contains("registry login expired"), "\(path)")
    }
    let file = try bench.ask("/export/sessions/s%2F1.json.html")
    #expect(file.headers["Content-Security-Policy"]?.contains("'sha256-") == true)
    #expect(file.headers["Content-Disposition"] == "inline; filename=\"session-s-1-json.html\"")
    for path in ["/export/sessions/none.html", "/export/sessions/s%2F1.pdf", "/export/sessions/x"] {
      #expect(try bench.ask(path).status == 404, "\(path)")
    }
    for path in [
      "/events.csv?colour=red", "/events.ndjson?sort=rank&q=x", "/events.csv?since=soon",
    ] {
      #expect(try bench.ask(path).status == 400, "\(path)")
    }
    #expect(try bench.ask("/events.csv", method: .post).status == 405)
  }

  @Test("a parameter that can't be taken is a 400 that names it")
  func refusedParameters() throws {
    let bench = try DashboardBench()
    for (target, parameter) in [
      ("/workers.json?at=soon", "at"), ("/workers.json?state=happy", "state"),
      ("/workers.json?q=x", "q"), ("/graph.json?root=x", "root"),
      ("/graph.json?relation=likes", "relation"), ("/workers.json?at=2099-01-01", "at"),
    ] {
      let response = try bench.ask(target)
      #expect(response.status == 400, "\(target)")
      #expect(try JSONDocument(response.body).root["error"]?["parameter"]?.string == parameter)
    }
  }

  @Test("a graph without a link in its window says which and leads to the links there are")
  func graphWindow() throws {
    let day: Int64 = 86_400_000
    let bench = try DashboardBench(drafts: [
      .sample("ask", .blocked, ts: 1000, session: "a"),
      .sample("free", .progress, ts: 2000, session: "a") {
        $0.links = [.byRule("test/1", .resolves, .idempotencyKey("ask"))]
      },
      .sample("later", .progress, ts: 9 * day, session: "b"),
    ])
    let page = try bench.ask("/graph").text
    #expect(page.contains("Nothing is linked in the log’s last 24 h, to 10 Jan 1970."))
    #expect(page.contains("href=\"/graph?since=1970-01-01T00:00:00.000Z\""))
    #expect(try !bench.ask("/graph?session=b").text.contains("of earlier"))
    for target in ["/graph?root=999", "/graph.json?root=999", "/graph.svg?root=999"] {
      let missing = try bench.ask(target)
      #expect(missing.status == 404, "\(target)")
      #expect(missing.text.contains("There is no event 999"), "\(target)")
    }
  }

  @Test("a list of the last day leads to that of all times, and a time stands as it was typed")
  func wholeList() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    let runs = try bench.ask("/runs").text
    #expect(
      runs.contains(#"<a href="/runs?since=1970-01-01T00:00:00.000Z">runs of all times</a>"#))
    let asked = try bench.ask("/runs?since=1000d").text
    #expect(asked.contains("name=\"since\" value=\"1000d\""))
    #expect(!asked.contains("runs of all times"))
    #expect(asked.contains(#"<a class="reset" href="/runs">back to the last day</a>"#))
    #expect(try bench.ask("/workers?at=2h").text.contains("name=\"at\" value=\"2h\""))
  }

  @Test("a name in a filter that the log has nowhere is said, with the ways to those near it")
  func unknownNames() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    let page = try bench.ask("/events?type=blokced&limit=50").text
    #expect(page.contains("The log has no event of the type “blokced”; near it:"))
    #expect(page.contains(#"<a href="/events?type=blocked&amp;limit=50">blocked</a>"#))
    #expect(try !bench.ask("/events?type=blocked").text.contains("The log has no"))
    let both = try bench.ask("/events?type=blokced&type=xyzzy").text
    #expect(both.contains("type “blokced”; near it:") && both.contains("type “xyzzy”"))
    // What was found says enough, and looking for each name would cost every page.
    #expect(try !bench.ask("/events?type=blocked&type=xyzzy").text.contains("The log has no"))
  }

  @Test("a list of events has the shape that scripts rely on")
  func eventList() throws {
    let list = try DashboardBench(drafts: Self.drafts()).json(
      "/events.json?type=blocked&q=registry")
    #expect(list["matched"]?.int == 1)
    #expect(list["matched_is_exact"]?.bool == true)
    #expect(list["next"]?.isNull == true)
    let event = try #require(list["events"]?.elements.first)
    #expect(event["event_type"]?.string == "blocked")
    #expect(event["ts"]?.int == 1_767_300_001_000)
    #expect(event["time"]?.string == "2026-01-01T20:40:01.000Z")
    #expect(event["attention_candidate"]?.int == 1)
    #expect(event["payload_json"]?["text"]?.string == "403 from the registry")
    #expect(event["confidence"]?.isNull == true)
    let snippet = try #require(event["snippet"])
    let match = try #require(snippet["matches"]?.elements.first)
    let text = Array(try #require(snippet["text"]?.string).unicodeScalars)
    let (start, end) = (try #require(match["start"]?.int), try #require(match["end"]?.int))
    #expect(String(String.UnicodeScalarView(text[start..<end])).lowercased() == "registry")
  }

  @Test("a task's life has the shape that scripts rely on, and a link only to the web")
  func tasks() throws {
    func draft(_ type: String, _ minute: Int64, _ pr: String) -> EventDraft {
      var draft = EventDraft(
        EventType(rawValue: type), ts: 1_767_300_000_000 + minute * 60_000, run: Self.run,
        sourceKind: .overseer, summary: type)
      draft.idempotencyKey = "\(type)\(minute)"
      draft.tags = ["issue:7"]
      draft.payload.set("tick", 0)
      draft.payload.set("pr_url", pr)
      return draft
    }
    let bench = try DashboardBench(drafts: [
      draft("task.planned", 0, "javascript://x"), draft("task.dispatched", 1, "javascript://x"),
    ])
    let task = try #require(try bench.json("/tasks.json")["tasks"]?.elements.first)
    #expect(task["id"]?.string == "issue:7" && task["issue"]?.int == 7)
    #expect(task["planned"]?.bool == true && task["dispatched"]?.bool == true)
    #expect(task["terminal"]?.isNull == true && task["status"]?.string == "running")
    #expect(task["ticks"]?.source == "[0]" && task["last_sequence"]?.int == 3)
    #expect(task["pr_url"]?.string == "javascript://x")
    let page = try bench.ask("/tasks/issue:7")
    #expect(page.status == 200 && !page.text.contains("href=\"javascript"))
    let detail = try bench.json("/tasks/issue:7.json")
    #expect(detail["events"]?.elements.count == 2)
    #expect(detail["task"]?["id"]?.string == "issue:7")
    #expect(try bench.ask("/tasks/issue:8").status == 404)
    #expect(try bench.ask("/tasks/issue%3A7").status == 200)
  }

  @Test("an event's columns are those of the log, by their names")
  func columns() throws {
    let event = try DashboardBench(drafts: Self.drafts()).json("/events/2.json")
    let columns = [
      "id", "ts", "recorded_at", "run_id", "parent_run_id", "instance_id", "role", "source_kind",
      "source_ref", "sink_kind", "sink_ref", "event_type", "schema_version",
      "attention_candidate", "operator_action_required", "risk_detected", "severity", "confidence",
      "summary", "payload_json", "artifact_refs", "tags", "related_session_id",
      "related_event_id", "dedupe_key", "idempotency_key", "expires_at", "provenance",
      "source_file_id", "source_offset", "source_length", "links",
    ]
    for column in columns { #expect(event[column] != nil, "\(column)") }
  }

  @Test("keyset pages follow each other without gap or repeat")
  func keyset() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    var ids: [Int] = []
    var target = "/events.json?limit=1"
    for _ in 0..<3 {
      let page = try bench.json(target)
      ids += (page["events"]?.elements ?? []).compactMap { $0["id"]?.int }
      guard let next = page["next"]?.string else { break }
      target = "/events.json?limit=1&after=\(next)"
    }
    #expect(ids == [3, 2, 1])
  }

  @Test("the list of sources goes on page by page, in HTML and in JSON")
  func sourcePages() throws {
    let bench = try DashboardBench()
    for number in 1...5 { _ = try bench.log.addSource("/transcripts/\(number).jsonl") }
    let page = try bench.ask("/sources?limit=2")
    #expect(page.text.contains("5 files"))
    #expect(page.text.contains(">5.jsonl</a>") && !page.text.contains(">3.jsonl</a>"))
    #expect(page.text.contains(#"rel="next""#) && !page.text.contains("From the first file"))
    var target = "/sources.json?limit=2"
    var paths: [String] = []
    while paths.count < 6 {
      let list = try JSONDocument(try bench.ask(target).body).root
      #expect(list["total"]?.int == 5)
      paths += list["sources"]?.elements.compactMap { $0["path"]?.string } ?? []
      guard let next = list["next"]?.string else { break }
      let more = try bench.ask("/sources?after=\(next)")
      #expect(more.text.contains("From the first file"))
      target = "/sources.json?limit=2&after=\(next)"
    }
    #expect(paths == [5, 4, 3, 2, 1].map { "/transcripts/\($0).jsonl" })
  }

  @Test(
    "a bad value is a 400 that names the parameter, to people and to scripts",
    arguments: [
      ("/events", "limit", "0"), ("/events", "since", "soon"), ("/events", "after", "x"),
      ("/events", "colour", "red"), ("/events", "min_severity", "6"), ("/events", "sort", "up"),
      ("/sessions", "limit", "many"), ("/sessions", "after", "x"), ("/sources", "source", "99"),
      ("/sources", "after", "1_2"), ("/sources", "limit", "0"),
      ("/healthz", "verbose", "1"), ("/tasks", "status", "odd"), ("/tasks", "after", "x"),
      ("/events/1", "q", "x"), ("/validation", "x", "1"),
      ("/sessions/a", "from", "soon"), ("/sessions/a", "to", "99999999999999999"),
      ("/sessions/a", "at", "x"), ("/sessions/a", "limit", "0"), ("/sessions/a", "zoom", "2"),
    ])
  func badValues(path: String, name: String, value: String) throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    let page = try bench.ask("\(path)?\(name)=\(value)")
    #expect(page.status == 400)
    #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
    #expect(
      page.text.contains("\(name) can&#39;t be")
        || page.text.contains("\(name)=\(value) is not understood"))
    let twin = try bench.ask("\(path).json?\(name)=\(value)")
    #expect(twin.status == 400)
    let error = try #require(try JSONDocument(twin.body).root["error"])
    #expect(error["parameter"]?.string == name)
    #expect(error["code"]?.string == "bad_parameter")
    #expect(error["message"]?.string?.contains(value) == true)
  }

  @Test(
    "anything may stand in the search box",
    arguments: ["%22", "%2A", "(", "NEAR(", "-", "%27;--", "a%22b%2A%20OR", "%F0%9F%99%82", "AND"])
  func garbageSearch(text: String) throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    for path in ["/events", "/events.json", "/sessions", "/sessions.json"] {
      #expect(try bench.ask("\(path)?q=\(text)").status == 200)
    }
  }

  @Test(
    "what is not there is a 404 with a way back",
    arguments: ["/nowhere", "/events/0", "/events/x", "/sessions/none", "/events/1/2", "/assets/x"])
  func notFound(path: String) throws {
    let bench = try DashboardBench()
    let page = try bench.ask(path)
    #expect(page.status == 404)
    #expect(page.text.contains("<a href=\"/events\">all events</a>"))
    let scripts = try bench.ask(path, accept: "application/json")
    #expect(scripts.status == 404)
    #expect(try JSONDocument(scripts.body).root["error"]?["code"]?.string == "not_found")
  }

  @Test("a page can only be read")
  func readOnly() throws {
    let refused = try DashboardBench().ask("/events", method: .post)
    #expect(refused.status == 405)
    #expect(refused.headers["Allow"] == "GET, HEAD")
  }

  @Test("a session whose id looks like a twin or a path has both its page and its twin")
  func oddSessionID() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    let location = Location.session("s/1.json")
    #expect(try bench.ask(location.description).text.contains("registry login expired"))
    #expect(try bench.json(location.twin.description)["session"]?["id"]?.string == "s/1.json")
  }

  @Test("a session's page shows a stretch of it, what is found in it, and the page of an event")
  func stretches() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    let path = Location.session("s/1.json").description
    let start: Int64 = 1_767_300_000_000
    let part = try bench.ask("\(path)?from=\(start + 500)&to=\(start + 1500)").text
    #expect(part.contains("registry login expired"))
    #expect(!part.contains(">done<"))
    #expect(part.contains("Whole session"))
    let found = try bench.ask("\(path)?q=registry").text
    #expect(found.contains("1 event of this session says “registry”"))
    #expect(found.contains("at=2#e2"))
    #expect(try bench.ask("\(path)?at=3&limit=1").status == 200)
    let empty = try bench.ask("\(path)?to=1000").text
    #expect(empty.contains("Nothing happened in this stretch."))
    let twin = try bench.json(
      "\(path.replacing("%2Ejson", with: "%2Ejson.json"))?from=\(start + 1500)")
    #expect(twin["events"]?.elements.count == 1)
    #expect(try bench.ask("\(path)?from=2000&to=1000").status == 400)
  }

  @Test("pages carry no inline script or style")
  func policy() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    for path in ["/", "/events", "/events/2", "/sessions/s%2F1%2Ejson"] {
      let text = try bench.ask(path).text
      #expect(!text.contains("style=\""))
      #expect(!text.contains("<style"))
      let scripts = ["/sessions/s%2F1%2Ejson": 4, "/events/2": 2][path] ?? 3
      #expect(text.ranges(of: "<script").count == scripts)
      #expect(text.ranges(of: #" src="/assets/"#).count == scripts)
      #expect(text.ranges(of: "></script>").count == scripts)
    }
  }

  @Test("one title, one main heading, and headings without a missing level")
  func headings() throws {
    let bench = try DashboardBench(drafts: Self.drafts())
    for path in ["/", "/events", "/events/2", "/sessions", "/sources", "/validation", "/healthz"] {
      let text = try bench.ask(path).text
      #expect(text.matches(of: /<title>[^<]+ · Fleetlog<\/title>/).count == 1)
      #expect(text.ranges(of: "<h1").count == 1)
      #expect(text.matches(of: /<h[3-6]/).isEmpty)
    }
  }

  @Test("the contract's page and its twin hold the text, its version and every type")
  func contract() throws {
    let bench = try DashboardBench()
    let page = try bench.ask("/contract").text
    #expect(page.contains("version \(EventContract.version)"))
    #expect(page.contains("fleetlog contract --install CLAUDE.md"))
    let twin = try bench.json("/contract.json")
    #expect(twin["text"]?.string == ContractPrompt.text)
    #expect(twin["contract_version"]?.string == EventContract.version)
    let names = twin["event_types"]?.elements.compactMap { $0["event_type"]?.string }
    #expect(names == EventTypeCatalogue.entries.map(\.type.rawValue))
    for name in names ?? [] { #expect(page.contains(">\(name)<")) }
    #expect(try bench.ask("/contract?x=1").status == 400)
  }

  @Test("validation shows the share of finished turns with a valid block")
  func compliance() throws {
    func turn(_ key: String, blocks: Int) -> EventDraft {
      .sample(key, .turnCompleted) { draft in
        draft.payload.set("model_name", "opus")
        if blocks > 0 { draft.payload.set("event_blocks", blocks) }
        draft.payload.set("contract_version", "1")
      }
    }
    let start = EventDraft.started("s1") { $0.payload.set("agent", "claude") }
    let bench = try DashboardBench(
      drafts: [start, turn("a", blocks: 1), turn("b", blocks: 2), turn("c", blocks: 0)])
    let row = try #require(try bench.json("/validation.json")["compliance"]?.elements.first)
    #expect(row["agent"]?.string == "claude" && row["model"]?.string == "opus")
    #expect(row["contract_version"]?.string == "1")
    #expect(row["turns"]?.int == 3 && row["kept"]?.int == 2 && row["refused"]?.int == 0)
    #expect(try bench.ask("/validation").text.contains("66.7 %"))
  }
}
