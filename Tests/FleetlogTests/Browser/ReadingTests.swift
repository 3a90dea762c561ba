import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

extension BrowserTests {
  /// What a page does without its scripts, which is everything that one must be able to do.
  @Suite("Without JavaScript", .servingConversation)
  struct WithoutScript {
    private func inTab(_ body: (Tab) throws -> Void) throws {
      try ServedFleet.inTab(Screen(runsScripts: false, zone: "Asia/Tokyo"), body)
    }

    @Test("the search form finds and shows where it was found")
    func search() throws {
      try inTab { tab in
        try tab.open("/sessions")
        try tab.arrive { try tab.type("ledger\n", into: ".top input[name=q]") }
        #expect(try tab.path == "/events?q=ledger")
        let found = try tab.texts(
          "[...document.querySelectorAll('[data-row]')].map((e) => e.querySelector('mark').innerText)"
        )
        #expect(Set(found) == ["ledger", "Ledger"])
      }
    }

    @Test("the filter form narrows the list, and says by what")
    func filter() throws {
      try inTab { tab in
        try tab.open("/events")
        try tab.click(".filter-form > summary")
        try tab.click("select[name=min_severity] option[value='4']")
        try tab.click("input[name=attention]")
        try tab.arrive { try tab.click(".filter-form button") }
        #expect(try tab.path.contains("min_severity=4"))
        let chips = try tab.texts(
          "[...document.querySelectorAll('.filter')].map((e) => e.innerText.split('×')[0].trim())")
        #expect(chips == ["severity from 4", "attention yes"])
        let rows = try tab.texts(
          "[...document.querySelectorAll('[data-row] .what')].map((e) => e.innerText)")
        #expect(rows.count == 1)
        #expect(rows.first?.contains("the host answers 403") == true)
      }
    }

    @Test("the pager leads through all events, each once, and back to the first")
    func paging() throws {
      try inTab { tab in
        try tab.open("/events?limit=7")
        let total = try tab.number("parseInt(document.querySelector('.sub').innerText)")
        var seen: [String] = []
        while true {
          seen += try tab.texts(
            "[...document.querySelectorAll('[data-row] .when a')].map((e) => e.pathname)")
          guard try tab.holds("document.querySelector('a[rel=next]') !== null") else {
            break
          }
          try tab.arrive { try tab.click("a[rel=next]") }
          try #require(seen.count <= total, "the pager goes round in a circle")
        }
        #expect(seen.count == total)
        #expect(Set(seen).count == total)
        try tab.arrive { try tab.click(".pager a:not(.button)") }
        #expect(try tab.path == "/events?limit=7")
      }
    }

    @Test("long text unfolds")
    func unfolding() throws {
      try inTab { tab in
        try tab.open("/sessions/" + ClaudeLines().session)
        let isSeen =
          "document.querySelector('.output pre').checkVisibility() && document.querySelector("
          + "'.output pre').innerText.includes('case 30 ')"
        #expect(try !tab.holds(isSeen))
        try tab.click(".output summary")
        #expect(try tab.holds(isSeen))
      }
    }

    @Test("times are those of UTC, and the page says so")
    func times() throws {
      try inTab { tab in
        try tab.open("/sessions/" + ClaudeLines().session)
        let wrong = try tab.texts(
          """
          [...document.querySelectorAll('time[data-form=time]')].filter((e) =>
            e.innerText !== e.dateTime.slice(11, 19)).map((e) => e.outerHTML)
          """)
        #expect(wrong == [])
        #expect(try tab.number("document.querySelectorAll('time[data-form=time]').length") > 10)
        #expect(try tab.text("document.querySelector('.zone').innerText") == "Times are UTC")
      }
    }
  }

  /// What scripts add, and what needs none but is best tried by clicking.
  @Suite("With JavaScript", .servingConversation)
  struct WithScript {
    private static let rows = "[...document.querySelectorAll('[data-row]')]"

    @Test("the keys / and Escape lead into the search box and out of it")
    func searchKey() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events")
        try tab.press("/", "j", "k")
        #expect(try tab.text("document.activeElement.name + document.activeElement.value") == "qjk")
        try tab.press("Escape")
        #expect(try tab.holds("document.activeElement === document.body"))
      }
    }

    @Test("the keys j and k go down and up the list, and Enter opens")
    func listKeys() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events")
        let cursor = "\(Self.rows).findIndex((e) => e.classList.contains('at-cursor'))"
        #expect(try tab.number(cursor) == -1)
        for (key, place) in [("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)] {
          try tab.press(key)
          #expect(try tab.number(cursor) == place)
        }
        let link = try tab.text("\(Self.rows)[0].querySelector('[data-open]').pathname")
        try tab.arrive { try tab.press("Enter") }
        #expect(try tab.path == link)
      }
    }

    @Test("the keys [ and ] lead from an event to its neighbours in the session")
    func neighbourKeys() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?q=answers+403&type=blocked")
        try tab.arrive { try tab.click("[data-row] .what a") }
        let here = try tab.path
        let next = try tab.text("document.querySelector('a[rel=next]').pathname")
        try tab.arrive { try tab.press("]") }
        #expect(try tab.path == next)
        try tab.arrive { try tab.press("[") }
        #expect(try tab.path == here)
      }
    }

    @Test(
      "g and a letter lead to a page",
      arguments: [("e", "/events"), ("s", "/sessions"), ("o", "/")])
    func goKeys(letter: String, page: String) throws {
      try ServedFleet.inTab { tab in
        try tab.open("/healthz")
        try tab.arrive { try tab.press("g", letter) }
        #expect(try tab.path == page)
      }
    }

    @Test("? shows the keys, and Escape or ? puts them away")
    func help() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events")
        let shown = "document.querySelector('.help[role=dialog]') !== null"
        for key in ["Escape", "?"] {
          try tab.press("?")
          #expect(try tab.holds(shown))
          #expect(try tab.text("document.querySelector('.help').innerText").contains("overview"))
          // While they are shown, no other key does anything.
          try tab.press("j")
          #expect(try !tab.holds("document.querySelector('.at-cursor') !== null"))
          try tab.press(key)
          #expect(try !tab.holds(shown))
        }
        try tab.press("j", "Escape")
        #expect(try !tab.holds("document.querySelector('.at-cursor') !== null"))
      }
    }

    @Test("the keys ] and [ turn the pages of a list")
    func pageKeys() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?limit=5")
        try tab.arrive { try tab.press("]") }
        #expect(try tab.path.contains("after="))
        try tab.arrive { try tab.press("[") }
        #expect(try tab.path == "/events?limit=5")
      }
    }

    @Test("a view is saved by a name, listed on the side of every page, and forgotten")
    func savedViews() throws {
      try ServedFleet.inTab { tab in
        let names = "[...document.querySelectorAll('.saved a')].map((e) => e.innerText.trim())"
        try tab.open("/events?type=blocked&density=compact")
        let name = "<b>what</b> is blocked"
        try tab.click(".menu[data-save] summary")
        try tab.type(name + "\n", into: ".menu[data-save] input")
        #expect(try tab.texts(names) == [name])
        try tab.open("/healthz")
        #expect(try tab.texts(names) == [name])
        try tab.arrive { try tab.click(".saved a") }
        #expect(try tab.path == "/events?type=blocked&density=compact")
        #expect(try tab.holds("document.querySelector('.saved a[aria-current]') !== null"))
        try tab.value(
          "localStorage.setItem('fleetlog.views', JSON.stringify([{name: 'x', url: "
            + "'javascript:alert(1)'}, {name: 'y', url: '//h/'}, {name: 'z', url: '/events'}])), 1")
        try tab.open("/events")
        #expect(try tab.texts(names) == ["z"])
        try tab.click(".saved button")
        #expect(try tab.texts(names) == [])
        try tab.open("/events")
        #expect(try tab.texts(names) == [])
        #expect(try tab.complaints() == [])
      }
    }

    @Test("one line a row shows more rows, and the links keep it")
    func density() throws {
      try ServedFleet.inTab { tab in
        let height = "Math.round(\(Self.rows)[0].getBoundingClientRect().height)"
        try tab.open("/events")
        let loose = try tab.number(height)
        try tab.arrive { try tab.press("d") }
        #expect(try tab.path == "/events?density=compact")
        #expect(try tab.number(height) < loose)
        #expect(
          try tab.holds(
            "[...document.querySelectorAll('.facets a, .histogram a')].every((e) => "
              + "(e.getAttribute('href')).includes('density=compact'))"))
      }
    }

    @Test("the bars can be compared with the time before, which is drawn pale behind them")
    func comparison() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?since=2026-01-01T12:05:00Z&until=2026-01-01T12:10:00Z")
        #expect(try tab.number("document.querySelectorAll('.earlier').length") == 0)
        try tab.arrive { try tab.click(".compare a") }
        #expect(try tab.path.contains("compare=previous"))
        #expect(try tab.number("document.querySelectorAll('.earlier').length") > 0)
        #expect(try tab.text("document.querySelector('figcaption').innerText").contains("before"))
        try tab.arrive { try tab.click(".compare a[aria-current]") }
        #expect(try !tab.path.contains("compare"))
      }
    }

    @Test("the view is copied as the command that gives it, as a request and as JSON")
    func copy() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?type=blocked")
        try tab.value(
          "window.copied = [], Object.defineProperty(navigator, 'clipboard', { value: "
            + "{ writeText: async (text) => { copied.push(text); } } }), 1")
        try tab.click(".menu:not([data-save]) summary")
        for number in 1...3 {
          try tab.click(".menu p:nth-of-type(\(number)) button")
          #expect(try tab.becomes("copied.length === \(number)"))
        }
        let copied = try tab.texts("copied")
        #expect(try JSONDocument(copied[0]).root["events"]?.elements.count == 1)
        #expect(copied[1].hasPrefix("curl -s 'http://"))
        #expect(copied[1].contains("/events.json?type=blocked"))
        #expect(copied[2].hasPrefix("fleetlog events --db /"))
        #expect(copied[2].hasSuffix(" --type blocked"))
        #expect(try tab.complaints() == [])
      }
    }

    @Test("times are those of the reader's zone, with the exact time in UTC at hand")
    func zone() throws {
      try ServedFleet.inTab(Screen(zone: "Asia/Tokyo")) { tab in
        for page in [
          "/", "/events", "/events/2", "/sessions", "/sessions/" + ClaudeLines().session,
        ] {
          try tab.open(page)
          let wrong = try tab.texts(
            """
            [...document.querySelectorAll('time')].filter((e) => {
              const there = new Date(Date.parse(e.dateTime) + 9 * 3600e3).toISOString();
              const form = e.dataset.form;
              const shown = form === 'day' ? there.slice(0, 4) : there.slice(11, 16);
              return !e.textContent.includes(shown)
                || e.title !== e.dateTime.replace('T', ' ').replace('Z', ' UTC');
            }).map((e) => e.outerHTML)
            """)
          #expect(wrong == [], "\(page)")
          #expect(try tab.number("document.querySelectorAll('time').length") > 0, "\(page)")
          #expect(
            try tab.text("document.querySelector('.zone').innerText") == "Times in Asia/Tokyo")
        }
      }
    }

    @Test("a bar of the histogram narrows the list to its time")
    func histogram() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events")
        let title = try tab.text(
          "document.querySelector('.histogram a:last-of-type title').textContent")
        let count = try #require(
          title.split(separator: ": ").last.flatMap { Int($0.prefix { $0 != " " }) })
        try tab.arrive { try tab.click(".histogram a:last-of-type .hit") }
        #expect(try tab.path.contains("since="))
        #expect(try tab.path.contains("until="))
        #expect(try tab.number("\(Self.rows).length") == count)
        #expect(try tab.number("parseInt(document.querySelector('.sub').innerText)") == count)
      }
    }

    @Test("the × of a filter removes it and leaves the others")
    func chips() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?type=blocked&source_kind=worker")
        #expect(try tab.number("\(Self.rows).length") == 1)
        try tab.arrive { try tab.click(".filter[href='/events?source_kind=worker'] .x") }
        #expect(try tab.path == "/events?source_kind=worker")
        #expect(try tab.number("\(Self.rows).length") > 1)
        #expect(try tab.number("document.querySelectorAll('.filter').length") == 1)
      }
    }

    @Test("what was searched for is highlighted where it was found")
    func highlights() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?q=ledger")
        let marks = "[...document.querySelectorAll('[data-row] mark')]"
        let found = try tab.texts("\(marks).map((e) => e.innerText.toLowerCase())")
        #expect(Set(found) == ["ledger"])
        let colour = try tab.text("getComputedStyle(\(marks)[0]).backgroundColor")
        #expect(colour != "rgba(0, 0, 0, 0)")
      }
    }

    @Test("one click leads from the list to the bytes of the transcript")
    func receipt() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?q=ledger&type=message.user")
        try tab.arrive { try tab.click("[data-row] .receipt a") }
        #expect(try tab.path.hasSuffix("#receipt"))
        let bytes = try tab.text("document.querySelector('#receipt pre').innerText")
        #expect(bytes.hasPrefix(#"{"type":"user""#))
        #expect(bytes.contains("Count the days of the ledger"))
        #expect(
          try tab.becomes(
            "document.querySelector('#receipt pre').getBoundingClientRect().top < innerHeight"))
      }
    }
  }
}

extension BrowserTests {
  /// What a session came to: reported and observed.
  @Suite("What a session came to", .servingReports)
  struct Metrics {
    private static let session = "/sessions/00000070-0000-4000-8000-000000000000"

    @Test("stands in two columns, and says where they differ and what was ignored")
    func grades() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.session)
        func cells(_ name: String) throws -> [String] {
          try tab.texts(
            """
            [...[...document.querySelectorAll('.metrics tr')].find((row) =>
              row.cells[0].innerText === '\(name)').cells].slice(1)
              .map((cell) => cell.innerText.replace(/\\s+/g, ' ').trim())
            """)
        }
        #expect(try cells("Outcome") == ["success", ""])
        #expect(try cells("Files") == ["1 file contradiction", "3 written"])
        #expect(try cells("Pull requests") == ["#12", "#12"])
        #expect(try cells("Commits") == ["5d6e7f8, 0badc0de contradiction", ""])
        let note = try tab.text("document.querySelector('#metrics ~ .note').innerText")
        #expect(note.contains("metrics object was ignored"))
        try tab.click(".metrics .fold summary")
        #expect(try tab.holds("document.querySelector('.metrics .fold li').checkVisibility()"))
        try tab.arrive { try tab.click(".metrics .chip") }
        #expect(try tab.text("document.querySelector('h1').innerText").contains("but its tools"))
      }
    }

    @Test("a bar of what was spent leads to its calls, and a session tells its price")
    func spend() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/sessions")
        let costs = try tab.texts(
          "[...document.querySelectorAll('td.cost')].map((cell) => cell.innerText)")
        // 6 × (10 × 5 + 5 × 25) millionths.
        #expect(costs.contains("under $0.01"))
        try tab.open("/")
        let bar = "document.querySelector('#spend ~ figure a')"
        #expect(try tab.text("\(bar).querySelector('title').textContent").contains("6 calls"))
        try tab.open(try tab.text("\(bar).getAttribute('href')"))
        #expect(
          try tab.texts("[...document.querySelectorAll('td.type')].map((cell) => cell.innerText)")
            == [String](repeating: "llm call completed", count: 6))
      }
    }

    @Test("where there is no repository, the page of what changed says so")
    func diff() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/sessions/w1/diff-summary")
        #expect(
          try tab.text("document.querySelector('main .empty').innerText").contains(
            "The repository is not on this machine."))
      }
    }
  }
}

extension Trait where Self == ServedFleetTrait {
  /// A session whose agent reports more than can be true.
  fileprivate static var servingReports: ServedFleetTrait {
    serving { folder in
      for name in ["00000070-0000-4000-8000-000000000000.jsonl", "W00001.jsonl"] {
        try folder.write(name, Fixtures.bytes("scenarios/metrics-differ/" + name))
      }
    }
  }

  /// One conversation of Claude Code on 1 January 2026 at noon: prompts, a call with a long
  /// output, and one event that asks for attention.
  fileprivate static var servingConversation: ServedFleetTrait {
    serving { folder in
      var lines = ClaudeLines()
      lines.prompt("Count the days of the ledger")
      lines.run("make test", id: "toolu_1")
      lines.result((1...60).map { "case \($0) passed" }.joined(separator: "\n"), id: "toolu_1")
      lines.say("Ledger counted.")
      lines.say(
        """
        Stuck.
        <!--HAPI_EVENTS_BEGIN-->
        {"events":[{"event_type":"blocked","severity":4,"summary":"the host answers 403"}]}
        <!--HAPI_EVENTS_END-->
        """)
      for number in 1...12 { lines.prompt("go on, part \(number)") }
      try folder.write("conversation.jsonl", lines.text)
    }
  }
}
