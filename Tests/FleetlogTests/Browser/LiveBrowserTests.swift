import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  @Suite("Pages while the log grows")
  struct LiveBrowserTests {
    /// A served fleet that a test lets go on.
    private final class GrowingFleet {
      let folder: TemporaryFolder
      let fleet: Fleet
      var server: RunningServer
      private var lines: ClaudeLines

      init(in home: TemporaryFolder, _ build: (inout ClaudeLines) -> Void) throws {
        try home.makeFolder("transcripts")
        folder = TemporaryFolder(path: home.path("transcripts"))
        fleet = Fleet(folder: folder, database: home.path("log.db").text)
        lines = ClaudeLines()
        build(&lines)
        try folder.write("a.jsonl", lines.text)
        try fleet.ingest()
        server = try RunningServer(folder: folder.path.text, database: fleet.database)
      }

      func append(_ build: (inout ClaudeLines) -> Void) throws {
        let before = lines.text.utf8.count
        build(&lines)
        try folder.append("a.jsonl", Array(lines.text.utf8.dropFirst(before)))
      }

      /// A worker of its own says that it can't go on.
      func block(_ name: String, _ summary: String) throws {
        let time = Timestamp.format(Clock.now())
        try folder.append(
          "events.jsonl",
          Array(
            (#"{"event_type":"blocked","instance_id":"\#(name)","ts":"\#(time)","#
              + #""summary":"\#(summary)"}"# + "\n").utf8))
      }

      /// - Parameter pause: what happens while nobody serves.
      func restart(_ pause: () throws -> Void) throws {
        let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
        #expect(server.stop() == 0)
        try pause()
        server = try RunningServer(
          folder: folder.path.text, database: fleet.database, port: port)
      }
    }

    private func serving(
      _ build: (inout ClaudeLines) -> Void, _ screen: Screen = Screen(),
      _ body: (GrowingFleet, Tab) throws -> Void
    ) throws {
      let home = try TemporaryFolder.make()
      defer { home.remove() }
      let growing = try GrowingFleet(in: home, build)
      defer { _ = growing.server.stop() }
      let driver = try #require(BrowserTrait.driver)
      try Tab.with(screen, of: driver, at: growing.server.url) { tab in
        try body(growing, tab)
        #expect(try tab.complaints().filter { !$0.contains("ERR_CONNECTION_REFUSED") } == [])
      }
    }

    private func prompts(_ count: Int) -> (inout ClaudeLines) -> Void {
      { lines in for index in 0..<count { lines.prompt("earlier prompt \(index)") } }
    }

    private let words = "document.querySelector('.new-events a:not([hidden])')?.textContent"
    private let first = "document.querySelector('.events [data-row] .what').textContent"

    @Test("new events are announced and nothing moves, also after the server was started anew")
    func announced() throws {
      try serving(prompts(60)) { growing, tab in
        try tab.open("/events?type=message.user")
        try tab.value("scrollTo({ top: 400, behavior: 'instant' }), window.kept = true")
        let place = "document.querySelectorAll('[data-row]')[20].getBoundingClientRect().top"
        let before = try tab.number("Math.round(\(place))")

        try growing.append { $0.prompt("news of the day") }
        #expect(try tab.becomes("\(words) === '1 new event'"))
        #expect(try tab.text("document.querySelector('.sub').textContent") == "61 events")
        try growing.restart { try growing.append { $0.prompt("while nobody watched") } }
        #expect(try tab.becomes("\(words) === '2 new events'"))
        try growing.append { $0.prompt("last words") }
        #expect(try tab.becomes("\(words) === '3 new events'"))
        #expect(try tab.number("Math.round(\(place))") == before)

        try tab.click(".new-events a")
        #expect(try tab.becomes("\(first).includes('last words') && scrollY === 0"))
        #expect(try tab.holds("window.kept && !\(words)"))
        let rows = try tab.texts("[...document.querySelectorAll('.what')].map((e) => e.innerText)")
        #expect(Set(rows).count == 63)
        #expect(rows.count == 63)
      }
    }

    @Test("followed, rows come in by themselves at the top, and paused or scrolled they wait")
    func followed() throws {
      try serving(prompts(60)) { growing, tab in
        try tab.open("/events?type=message.user")
        let follow = "document.querySelector('[data-follow]')"
        #expect(try tab.becomes("\(follow).ariaPressed !== null"))
        #expect(try tab.text("\(follow).textContent") == "Follow")
        try tab.press("f")
        #expect(try tab.text("\(follow).textContent") == "Pause")
        try tab.value("window.row = document.querySelector('.events [data-row]'), true")
        try growing.append { $0.prompt("it moves") }
        #expect(try tab.becomes("\(first).includes('it moves')"))
        // What stood there is the very same row.
        #expect(try tab.holds("window.row.isConnected && window.row.previousElementSibling"))
        #expect(try tab.holds("!\(words)"))

        try tab.value("scrollTo({ top: 600, behavior: 'instant' }), true")
        try growing.append { $0.prompt("further down") }
        #expect(try tab.becomes("\(words) === '1 new event'"))
        #expect(try tab.holds("\(first).includes('it moves')"))
        try tab.value("scrollTo({ top: 0, behavior: 'instant' }), true")
        #expect(try tab.becomes("\(first).includes('further down')"))

        try tab.click("[data-follow]")
        #expect(try tab.text("\(follow).textContent") == "Follow")
        try growing.append { $0.prompt("paused") }
        #expect(try tab.becomes("\(words) === '1 new event'"))
        #expect(try tab.holds("\(first).includes('further down')"))
      }
    }

    @Test("the word that follows begins where the text of a narrow page begins")
    func narrow() throws {
      try serving(prompts(3), Screen(width: 390)) { _, tab in
        try tab.open("/events")
        let follow = "document.querySelector('[data-follow]')"
        #expect(try tab.becomes("\(follow).ariaPressed !== null"))
        func left(_ element: String) throws -> Int {
          try tab.number(
            """
            (() => { const text = document.createRange(); text.selectNodeContents(\(element));
              return Math.round(text.getBoundingClientRect().left); })()
            """)
        }
        #expect(try left(follow) == left("document.querySelector('h1')"))
      }
    }

    @Test("rows that come in leave the mark of the keys where it is")
    func stillness() throws {
      try serving(prompts(20)) { growing, tab in
        try tab.open("/events?type=message.user")
        let follow = "document.querySelector('[data-follow]')"
        #expect(try tab.becomes("\(follow).ariaPressed !== null"))
        try tab.press("f")
        #expect(try tab.becomes("\(follow).ariaPressed === 'true'"))
        try tab.press("j", "j")
        let marked = "document.querySelector('.at-cursor .what').textContent"
        let before = try tab.text(marked)
        try growing.append { $0.prompt("one more") }
        #expect(try tab.becomes("\(first).includes('one more')"))
        #expect(try tab.text(marked) == before)
      }
    }

    @Test("a running session goes on at its end: announced, or followed")
    func session() throws {
      try serving(prompts(40)) { growing, tab in
        try tab.open("/sessions/\(ClaudeLines().session)")
        try growing.append { $0.prompt("Build it.") }
        #expect(try tab.becomes("/^[0-9]+ new event/.test(\(words))"))
        try tab.click(".new-events a")
        let text = "document.querySelector('.transcript').innerText"
        #expect(try tab.becomes("\(text).includes('Build it.') && !\(words)"))
        try tab.press("f")
        #expect(try tab.holds("document.querySelector('[data-follow]').innerText === 'Pause'"))
        try tab.value("window.entry = document.querySelector('.transcript > .entry'), true")
        // What a model says is whole once something follows it.
        try growing.append {
          $0.run("make", id: "toolu_9")
          $0.result("all is built", id: "toolu_9")
          $0.prompt("Good.")
        }
        #expect(try tab.becomes("\(text).includes('Good.')"))
        #expect(try tab.holds("\(text).includes('all is built')"))
        #expect(try tab.holds("window.entry.isConnected"))
        let last = "[...document.querySelectorAll('.transcript > .entry')].at(-1)"
        #expect(try tab.becomes("\(last).getBoundingClientRect().bottom <= innerHeight"))
        let entries = try tab.texts(
          "[...document.querySelectorAll('.transcript > .entry')].map((e) => e.id)")
        #expect(entries.count > 43)
        #expect(Set(entries).count == entries.count)
        // Drawn anew, the lanes show what has come since.
        #expect(try tab.holds("document.querySelectorAll('.lanes-pane > svg').length === 1"))
        #expect(try tab.holds("document.querySelector('.lanes-pane .command')"))
      }
    }

    @Test("the overview keeps up by itself; title and icon say on every page how much needs you")
    func attention() throws {
      try serving(prompts(1)) { growing, tab in
        try tab.open("/contract")
        let calm = try tab.text("document.querySelector('link[rel=icon]').href")
        #expect(try tab.holds("document.title.startsWith('Contract')"))
        try growing.block("disk-worker", "The disk is full.")
        #expect(try tab.becomes("document.title.startsWith('(1) Contract')"))
        #expect(try tab.text("document.querySelector('link[rel=icon]').href") != calm)

        try tab.open("/")
        #expect(try tab.becomes("document.title === '(1) Overview · Fleetlog'"))
        try tab.value("window.row = document.querySelector('.needs li'), window.kept = true")
        try growing.block("net-worker", "No route to the registry.")
        #expect(try tab.becomes("document.title === '(2) Overview · Fleetlog'"))
        #expect(try tab.becomes("document.querySelectorAll('.needs li').length === 2"))
        #expect(try tab.holds("window.kept && window.row.isConnected"))
      }
    }

    @Test("nothing changes in a part of the overview while somebody reads there")
    func reading() throws {
      try serving(prompts(1)) { growing, tab in
        try growing.block("disk-worker", "The disk is full.")
        try tab.open("/")
        #expect(try tab.becomes("document.querySelectorAll('.needs li').length === 1"))
        let counts = "document.querySelector('.counts').innerText"
        try tab.value("getSelection().selectAllChildren(document.querySelector('.needs .what')), 1")
        let before = try tab.text(counts)
        try growing.block("net-worker", "No route to the registry.")
        #expect(try tab.becomes("document.title.startsWith('(2)')"))
        // The parts where nobody reads have been exchanged by now.
        var literal = JSONObject()
        literal.set("before", before)
        #expect(try tab.becomes("\(counts) !== (\(literal.text)).before"))
        #expect(try tab.number("document.querySelectorAll('.needs li').length") == 1)
        try tab.value("getSelection().removeAllRanges(), 1")
        #expect(try tab.becomes("document.querySelectorAll('.needs li').length === 2"))
      }
    }

    @Test("each new item is told once on the desktop, in one of two tabs, once it was asked for")
    func notifications() throws {
      try serving(prompts(1)) { growing, tab in
        // What the browser would show, kept where both tabs can be asked for it.
        let stub = """
          window.shown = [];
          window.Notification = class extends EventTarget {
            static permission = 'granted';
            static requestPermission = async () => 'granted';
            constructor(title) { super(); window.shown.push(title); }
          };
          """
        var script = JSONObject()
        script.set("source", stub)
        try tab.driver.devTools("Page.addScriptToEvaluateOnNewDocument", script)
        try tab.open("/")
        try growing.block("first-worker", "Before anybody asked.")
        #expect(try tab.becomes("document.title.startsWith('(1)')"))
        #expect(try tab.texts("shown") == [])
        try tab.click("[data-notify]")
        #expect(try tab.becomes("document.querySelector('[data-notify]').ariaPressed === 'true'"))

        let other = try tab.opening()
        try other.driver.devTools("Page.addScriptToEvaluateOnNewDocument", script)
        try other.open("/events")
        #expect(try other.becomes("document.title.startsWith('(1)')"))
        try growing.block("second-worker", "The second.")
        #expect(try other.becomes("document.title.startsWith('(2)')"))
        try growing.block("third-worker", "The third.")
        #expect(try other.becomes("document.title.startsWith('(3)')"))
        var shown = try other.texts("new Promise((r) => setTimeout(() => r(shown), 300))")
        try other.close(backTo: tab)
        #expect(try tab.becomes("document.title.startsWith('(3)')"))
        shown += try tab.texts("shown")
        #expect(shown.count == 2)
        #expect(shown.contains { $0.hasPrefix("second-worker") })
        #expect(shown.contains { $0.hasPrefix("third-worker") })
        // It is remembered, and what was told is not told again.
        try tab.open("/")
        #expect(try tab.becomes("document.title.startsWith('(3)')"))
        #expect(try tab.holds("document.querySelector('[data-notify]').ariaPressed === 'true'"))
        #expect(try tab.texts("new Promise((r) => setTimeout(() => r(shown), 300))") == [])
        try tab.click("[data-notify]")
        try growing.block("fourth-worker", "Nobody asked any more.")
        #expect(try tab.becomes("document.title.startsWith('(4)')"))
        #expect(try tab.texts("shown") == [])
      }
    }

    @Test("all tabs of a browser share one connection")
    func oneConnection() throws {
      try serving(prompts(1)) { growing, tab in
        try tab.open("/")
        let others = try (0..<3).map { _ in try tab.opening() }
        for other in others {
          try other.turnTo()
          try other.open("/events")
        }
        try growing.block("disk-worker", "The disk is full.")
        for other in others {
          try other.turnTo()
          #expect(try other.becomes("document.title.startsWith('(1)')"))
        }
        // None of them asked for a stream; one worker did for all.
        let requests = "performance.getEntriesByType('resource').map((e) => e.name)"
        for other in others {
          try other.turnTo()
          #expect(try other.texts(requests).filter { $0.contains("/live?") } == [])
        }
        let targets = try tab.driver.devTools("Target.getTargets", JSONObject())
        let workers = targets["targetInfos"]?.elements.filter {
          $0["type"]?.string == "shared_worker"
            && $0["url"]?.string?.hasPrefix(growing.server.url) == true
        }
        #expect(workers?.count == 1)
        for other in others { try other.close(backTo: tab) }
      }
    }

    private func prepare(_ tab: Tab, _ source: String) throws {
      var script = JSONObject()
      script.set("source", source)
      try tab.driver.devTools("Page.addScriptToEvaluateOnNewDocument", script)
    }

    @Test(
      "a browser without a shared worker, or that grants none, keeps up by a connection of the tab's",
      arguments: [
        "delete window.SharedWorker;",
        "window.SharedWorker = class { constructor() { throw new DOMException('', 'SecurityError') } }",
      ])
    func alone(script: String) throws {
      try serving(prompts(60)) { growing, tab in
        try prepare(tab, script)
        try tab.open("/events?type=message.user")
        try growing.append { $0.prompt("news of the day") }
        #expect(try tab.becomes("\(words) === '1 new event'"))
        try growing.block("disk-worker", "The disk is full.")
        #expect(try tab.becomes("document.title.startsWith('(1)')"))
        try growing.restart { try growing.append { $0.prompt("while nobody watched") } }
        #expect(try tab.becomes("\(words) === '2 new events'"))
        let targets = try tab.driver.devTools("Target.getTargets", JSONObject())
        let workers = targets["targetInfos"]?.elements.filter {
          $0["type"]?.string == "shared_worker"
            && $0["url"]?.string?.hasPrefix(growing.server.url) == true
        }
        #expect(workers?.count == 0)
      }
    }

    @Test("a browser that takes no news at all says so")
    func still() throws {
      try serving(prompts(3)) { _, tab in
        try prepare(tab, "delete window.SharedWorker; delete window.EventSource;")
        try tab.open("/events?type=message.user")
        let line = "document.querySelector('.import')"
        #expect(try tab.holds("\(line).checkVisibility()"))
        #expect(try tab.text("\(line).innerText").contains("reload to see what is new"))
        #expect(try !tab.holds("\(line).querySelector('progress').checkVisibility()"))
      }
    }

    @Test("ages go on while the page is open")
    func ages() throws {
      try serving(prompts(1)) { growing, tab in
        try growing.block("disk-worker", "The disk is full.")
        try tab.open("/")
        #expect(try tab.becomes("document.querySelector('.needs .age time')"))
        // The page's clock, an hour on.
        try tab.value(
          """
          (() => {
            const Real = Date;
            const begin = Real.now();
            window.Date = class extends Real {
              constructor(...parts) {
                if (parts.length) super(...parts); else super(Real.now() + 3600e3);
              }
            };
            return begin > 0;
          })()
          """)
        // Ages are looked at every five seconds.
        let isOlder = "document.querySelector('.needs .age').innerText.includes('1 h')"
        #expect(try tab.becomes(isOlder) || tab.becomes(isOlder))
      }
    }
  }
}
