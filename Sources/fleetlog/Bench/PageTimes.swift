import FleetlogEvents

/// How long pages take, from the question to the last byte of the answer, over a connection that
/// stands.
struct PageTimes {
  private let archive: Archive
  private let bench: Bench
  /// How often each address is asked for.
  private var rounds: Int { min(8, 1 + 2 * bench.settings.seconds) }

  init(_ archive: Archive, _ bench: Bench) {
    self.archive = archive
    self.bench = bench
  }

  /// A page under one name, with the addresses that stand for it.
  private struct Question {
    let key: String
    let words: String
    let targets: [String]
  }

  func measure() throws -> [BenchFigure] {
    let server = try ServingChild([archive.transcripts], database: archive.database, bench: bench)
    try server.settle()
    let client = try PageClient(port: server.port)
    var figures: [BenchFigure] = []
    for question in try questions(client) {
      bench.say("measuring: \(question.words)")
      var times: [Double] = []
      for target in question.targets { _ = try client.get(target) }
      for _ in 0..<rounds {
        for target in question.targets {
          times.append(try Stopwatch.time { _ = try client.get(target) } * 1000)
        }
      }
      figures.append(BenchFigure(question.key, question.words, Percentiles(times)))
    }
    try server.program.stop()
    return figures
  }

  private func questions(_ client: PageClient) throws -> [Question] {
    let found = try JSONDocument(try client.get("/events.json?type=tool_call&limit=1")).root
    guard let event = found["events"]?.elements.first, let id = event["id"]?.int,
      let run = event["run_id"]?.int, let instance = event["instance_id"]?.string,
      let ts = event["ts"]?.int
    else { throw Failure("the log holds no tool call to ask for") }
    let long = archive.written.longest.session
    let longEvents =
      try JSONDocument(try client.get("/events.json?session=\(long)&limit=1")).root["matched"]?.int
      ?? 0
    let graph = try JSONDocument(try client.get("/graph.json")).root
    let linked = graph["nodes"]?.elements.count ?? 0
    let month = 30 * 86_400_000
    return [
      Question(key: "overview", words: "/", targets: ["/"]),
      Question(key: "events", words: "/events", targets: ["/events"]),
      filter("type", ["tool_call", "blocked", "failed"]),
      filter("session", [long]),
      filter("run", ["\(run)"]),
      filter("instance", [instance]),
      filter("role", ["worker", "subagent"]),
      filter("source_kind", ["worker", "operator", "system"]),
      filter("agent", ["claude", "codex"]),
      filter("project", BenchFleet.projects.prefix(3).map { "%2Fhome%2Fdev%2F\($0)" }),
      filter("branch", ["main"]),
      filter("tag", [StatedEvents.tag, "ci"]),
      filter("min_severity", ["2", "3", "4", "5"]),
      filter("attention", ["1"]),
      filter("action_required", ["1"]),
      filter("risk", ["1"]),
      filter("since", ["\(ts - month)"]),
      filter("until", ["\(ts - month)"]),
      Question(
        key: "search_word", words: "/events, a word",
        targets: Self.searches.map { "/events?q=\($0.0)" }),
      Question(
        key: "search_words", words: "/events, two words",
        targets: Self.searches.map { "/events?q=\($0.0)+\($0.1)" }),
      Question(
        key: "search_phrase", words: "/events, a phrase",
        targets: Self.searches.prefix(2).map { "/events?q=%22\($0.0)+\($0.1)%22" }),
      Question(
        key: "search_rank", words: "/events, two words by rank",
        targets: Self.searches.map { "/events?q=\($0.0)+\($0.1)&sort=rank" }),
      Question(
        key: "search_filtered", words: "/events, a word, a type and a project",
        targets: Self.searches.map {
          "/events?q=\($0.0)&type=tool_result&project=%2Fhome%2Fdev%2Fledger"
        }),
      Question(key: "event", words: "/events/ID", targets: ["/events/\(id)"]),
      Question(key: "sessions", words: "/sessions", targets: ["/sessions"]),
      Question(
        key: "session", words: "/sessions/ID, of \(longEvents) events",
        targets: ["/sessions/\(long)"]),
      Question(key: "graph", words: "/graph, of \(linked) events", targets: ["/graph"]),
      Question(key: "workers", words: "/workers", targets: ["/workers"]),
      Question(key: "sources", words: "/sources", targets: ["/sources"]),
    ]
  }

  private func filter(_ name: String, _ values: [String]) -> Question {
    Question(
      key: "events_" + name, words: "/events?" + name,
      targets: values.map { "/events?\(name)=\($0)" })
  }

  /// Pairs of words: both frequent, both of middling rank, both rare, one of each.
  private static let searches: [(String, String)] = [
    (12, 41), (400, 900), (30_000, 60_000), (20, 20_000),
  ].map {
    (
      String(decoding: Vocabulary.shared.word($0), as: UTF8.self),
      String(decoding: Vocabulary.shared.word($1), as: UTF8.self)
    )
  }
}
