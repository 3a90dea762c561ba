import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("The live stream", .timeLimit(.minutes(10)))
struct LiveStreamTests {
  /// A served log with a hub that beats only when a test wants it to.
  private struct Bench {
    let log: TemporaryLog
    let hub: LiveHub
    let server: HTTPServer

    init(
      heartbeat: Duration = .seconds(3600), check: Duration = .seconds(3600),
      streams: Int = 256
    ) throws {
      log = try TemporaryLog()
      // The run's own event is the first; what tests append is numbered from 2.
      try log.append(.started("s1"))
      let reader = try log.reader()
      hub = try LiveHub(
        log: reader, heartbeat: heartbeat, check: check, now: { TemporaryLog.recordedAt })
      let dashboard = try Dashboard(
        log: reader, live: hub, kit: .ofThisPackage(), now: { TemporaryLog.recordedAt })
      server = try .started(.onFreePort { $0.streamLimit = streams }) {
        dashboard.reply(to: $0)
      }
    }

    func with(_ body: (Bench) throws -> Void) throws {
      defer { server.stop() }
      try body(self)
    }

    /// Appends as the pipeline does, which then publishes.
    func append(_ drafts: [EventDraft]) throws {
      hub.publish(revision: try log.append(drafts).revision)
    }

    func append(_ summaries: String...) throws {
      try append(summaries.map { .sample($0, summary: $0) })
    }

    func open(_ query: String = "", _ headers: String...) throws -> EventClient {
      let target = "/live" + (query.isEmpty ? "" : "?" + query)
      guard let header = headers.first else {
        return try EventClient(port: server.port, target).opened()
      }
      return try EventClient(port: server.port, target, header).opened()
    }
  }

  @Test("begins at the end of the log and sends what is recorded from then on, in order of id")
  func begins() throws {
    try Bench().with { bench in
      try bench.append("before")
      let client = try bench.open()
      #expect(client.response.status == 200)
      #expect(client.response["Content-Type"] == "text/event-stream")
      try bench.append("first", "second")
      try bench.append("third")
      let frames = try client.events(3)
      #expect(frames.map(\.id) == [3, 4, 5])
      let summaries = try frames.map { frame in
        try JSONDocument(try #require(frame.data)).root["summary"]?.string
      }
      #expect(summaries == ["first", "second", "third"])
    }
  }

  @Test("a frame's data is the event of the JSON twin")
  func data() throws {
    try Bench().with { bench in
      let client = try bench.open()
      try bench.append("one")
      let frame = try #require(try client.events(1).first)
      let twin = try bench.server.get("/events.json").text
      #expect(try twin.contains(#require(frame.data)))
    }
  }

  @Test("resumes behind the last event that was received: nothing twice, nothing left out")
  func resumes() throws {
    try Bench().with { bench in
      var ids: [Int64] = []
      for round in 0..<5 {
        let client =
          try ids.isEmpty ? bench.open() : bench.open("", "Last-Event-ID: \(ids.last ?? 0)")
        try bench.append((0..<300).map { .sample("\(round)-\($0)") })
        ids += try client.ids(round == 4 ? 1500 - ids.count : 170 + round)
      }
      #expect(ids == Array(2...1501))
    }
  }

  @Test("the header counts before the parameter, which a browser repeats when it reconnects")
  func headerFirst() throws {
    try Bench().with { bench in
      try bench.append("a", "b", "c")
      #expect(try bench.open("last_event_id=2").ids(2) == [3, 4])
      #expect(try bench.open("last_event_id=2", "Last-Event-ID: 3").ids(1) == [4])
      #expect(try bench.open("", "Last-Event-ID: 0").ids(4) == [1, 2, 3, 4])
    }
  }

  @Test("an id from beyond the end, as of a log that was restored, goes on from the end")
  func beyondTheEnd() throws {
    try Bench().with { bench in
      try bench.append("a")
      let client = try bench.open("last_event_id=900")
      try bench.append("b")
      #expect(try client.ids(1) == [3])
    }
  }

  @Test("takes the filters of the viewer, and leaves its order and limit aside")
  func filters() throws {
    try Bench().with { bench in
      let client = try bench.open("type=blocked&attention=1&sort=oldest&limit=1&since=1970-01-01")
      try bench.append([
        .sample("a"), .sample("b", .blocked), .sample("c"), .sample("d", .blocked),
      ])
      #expect(try client.ids(2) == [3, 5])
    }
  }

  @Test("with text an event is sent once the full-text index has taken it in")
  func text() throws {
    try Bench().with { bench in
      let client = try bench.open("q=needle")
      let all = try bench.open()
      try bench.append("hay", "a needle", "more hay", "needles")
      #expect(try all.ids(4) == [2, 3, 4, 5])
      try bench.log.index()
      bench.hub.publishSearch()
      let frame = try #require(try client.events(1).first)
      #expect(frame.id == 3)
      #expect(frame.data?.contains("\"snippet\":{\"text\":\"a needle\"") == true)
    }
  }

  @Test(
    "a bad parameter is a 400 that names it", arguments: ["nonsense", "last_event_id", "pulse"])
  func badParameter(name: String) throws {
    try Bench().with { bench in
      let answer = try bench.server.get("/live?\(name)=x", "Accept: application/json")
      #expect(answer.status == 400)
      #expect(answer.text.contains("\"parameter\":\"\(name)\""))
      #expect(try bench.server.get("/live", "Last-Event-ID: x").status == 400)
    }
  }

  @Test("only GET opens it")
  func method() throws {
    try Bench().with { bench in
      let answer = try bench.server.exchange(
        "POST /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0")
      #expect(answer.status == 405)
      #expect(answer["Allow"] == "GET, HEAD")
    }
  }

  @Test("says that it is alive when there is no news")
  func heartbeats() throws {
    try Bench(heartbeat: .milliseconds(20)).with { bench in
      let client = try bench.open()
      for _ in 0..<3 { #expect(try client.next() == EventClient.Frame(comment: "heartbeat")) }
      try bench.append("news")
      #expect(try client.ids(1) == [2])
    }
  }

  @Test("sends what another process has written, without being told")
  func otherWriter() throws {
    try Bench(check: .milliseconds(20)).with { bench in
      let client = try bench.open()
      try bench.log.append([.sample("a")])
      #expect(try client.ids(1) == [2])
    }
  }

  @Test("line breaks in a payload and hostile text stay inside their frame")
  func hostileText() throws {
    try Bench().with { bench in
      let client = try bench.open()
      let text = "a\n\nid: 99\nevent: event\ndata: {}\r\r</script>\u{2028}"
      try bench.append([.sample("a", summary: text) { $0.payload.set("text", text) }])
      try bench.append("b")
      #expect(try client.ids(2) == [2, 3])
    }
  }

  @Test("a line break between the parts of a JSON text does not end its frame")
  func blankLineBreaks() {
    let frame = LiveStream.frame("event", Array("{\r\n\"a\":\n\r1}".utf8))
    #expect(String(decoding: frame, as: UTF8.self) == "event: event\ndata: {  \"a\":  1}\n\n")
  }

  @Test("two hundred streams get every event, and a page is answered meanwhile")
  func manyStreams() throws {
    try Bench().with { bench in
      let clients = try (0..<200).map { _ in try bench.open() }
      for round in 0..<5 {
        try bench.append((0..<4).map { .sample("\(round)-\($0)") })
        #expect(try bench.server.get("/healthz").status == 200)
      }
      for client in clients { #expect(try client.ids(20) == Array(2...21)) }
    }
  }

  @Test("events that come while a client resumes are sent once, after the earlier ones")
  func resumeWhileWriting() throws {
    try Bench().with { bench in
      try bench.append((0..<1000).map { .sample("early-\($0)") })
      let client = try bench.open("last_event_id=1")
      for index in 0..<50 { try bench.append("late-\(index)") }
      #expect(try client.ids(1050) == Array(2...1051))
    }
  }

  @Test("stopping the server ends the streams")
  func stop() throws {
    let bench = try Bench()
    let client = try bench.open()
    bench.server.stop()
    #expect(try client.next() == nil)
  }

  @Test("the import's progress goes to those who ask for the pulse, at once and as it changes")
  func progress() throws {
    try Bench().with { bench in
      let client = try EventClient(port: bench.server.port, "/live?pulse=1")
      #expect(try client.data("progress") == "null")
      var progress = ImportProgress()
      progress.files = 3
      progress.bytes = 100
      progress.bytesDone = 50
      bench.hub.publish(progress)
      let sent = try JSONDocument(try client.data("progress")).root
      #expect(sent["share"]?.double == 0.5)
      #expect(sent["words"]?.string == "Reading 0 of 3 files · 50 B of 100 B")
      #expect(try bench.server.get("/healthz.json").text.contains("\"files\":3"))
      #expect(try bench.server.get("/sources").text.contains("Reading 0 of 3 files"))
      bench.hub.publish(nil)
      #expect(try client.data("progress") == "null")
      #expect(try bench.server.get("/healthz.json").text.contains("\"import\":null"))
      #expect(try !bench.server.get("/sources").text.contains("Reading 0 of"))
    }
  }

  @Test("the pulse tells how far the log is, and how far the full text, but no events")
  func revision() throws {
    try Bench().with { bench in
      let client = try EventClient(port: bench.server.port, "/live?pulse=1")
      func revision() throws -> [Int?] {
        let root = try JSONDocument(try client.data("revision")).root
        return [root["events"]?.int, root["searchable"]?.int]
      }
      #expect(try revision().first == 1)
      try bench.append("a", "b")
      let before = try revision()
      #expect(before[0] == 3 && before[1] != 3)
      try bench.log.index()
      bench.hub.publishSearch()
      #expect(try revision() == [3, 3])
    }
  }

  @Test("the pulse tells what needs the operator, at once and when that changes")
  func attention() throws {
    try Bench(check: .milliseconds(20)).with { bench in
      let ts = TemporaryLog.recordedAt - 1000
      let client = try EventClient(port: bench.server.port, "/live?pulse=1")
      #expect(try client.data("attention") == #"{"total":0,"items":[]}"#)
      try bench.append([
        .sample("a", ts: ts), .sample("b", .blocked, ts: ts, summary: "The disk is full."),
      ])
      let told = try JSONDocument(try client.data("attention")).root
      #expect(told["total"]?.int == 1)
      let item = try #require(told["items"]?.elements.first)
      #expect(item["key"]?.string == "3:\(ts)")
      #expect(item["url"]?.string == "/events/3")
      #expect(item["why"]?.string == "can’t go on, and nothing has resolved it")
      #expect(item["what"]?.string == "The disk is full.")
    }
  }
}

extension EventClient {
  /// The data of the next frame of a kind.
  fileprivate func data(_ event: String) throws -> String {
    while let frame = try next() {
      if frame.event == event { return frame.data ?? "" }
    }
    return "the stream has ended"
  }
}
