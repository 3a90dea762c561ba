import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import FleetlogWeb
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  /// A session's file, opened from the disk as whoever gets it by mail would.
  @Suite("A session's file", .servingDemo)
  struct ExportedFile {
    /// Opens every session of a fleet as a file, with the network cut.
    private func inFiles(
      of write: (TemporaryFolder) throws -> Void, _ screen: Screen = Screen(),
      _ body: (Tab, String) throws -> Void
    ) throws {
      try Fleet.with { fleet in
        try write(fleet.folder)
        try fleet.ingest()
        let log = try fleet.log
        let order = try ExportOrder(
          log: log, kit: .ofThisPackage(), now: Clock.now(), redaction: Redaction())
        var query = SessionQuery()
        query.limit = 500
        for session in try log.sessions(query)?.sessions ?? [] {
          let path = fleet.database + ".html"
          var document = try #require(try order.session(session.id, as: .html)).document
          var bytes: [UInt8] = []
          while let piece = try document.next() { bytes += piece }
          try Data(bytes).write(to: URL(fileURLWithPath: path))
          try ServedFleet.inTab(screen) { tab in
            try tab.cutNetwork()
            try tab.open(url: "file://" + path)
            try body(tab, session.id)
          }
        }
      }
    }

    /// A fleet of one transcript.
    private func one(_ transcript: String) -> (TemporaryFolder) throws -> Void {
      { try $0.write("a.jsonl", transcript) }
    }

    private static func demo(_ folder: TemporaryFolder) throws {
      let now: Int64 = 1_772_535_600_000
      var fleet = DemoFleet(seed: 7, start: now)
      try DemoFolder(folder.path.text).writeHistory(of: &fleet, until: now)
    }

    @Test("asks for nothing, breaks no policy, complains of nothing, and looks as pages do")
    func alone() throws {
      for screen in [Screen(), Screen(width: 390, isDark: true), Screen(width: 1024)] {
        try inFiles(of: Self.demo, screen) { (tab, session) throws in
          #expect(try tab.complaints() == [], "\(session)")
          #expect(
            try tab.number("performance.getEntriesByType('resource').length") == 0, "\(session)")
          let faults = try tab.texts(PageAudit.faults)
          #expect(faults == [], "\(session), \(screen)")
        }
      }
    }

    @Test("a row of which the end is not read yet stands where it will stand")
    func unreadEnd() throws {
      for screen in [Screen(), Screen(width: 390), Screen(width: 1024)] {
        try inFiles(of: Self.demo, screen) { (tab, session) throws in
          let moved = try tab.texts(
            """
            [...document.querySelectorAll('.deliveries li')].flatMap((row) => {
              const places = () => [...row.children].map((each) => each.getBoundingClientRect().left);
              const last = places();
              const moved = [];
              while (row.lastElementChild) {
                row.lastElementChild.remove();
                if (places().some((left, index) => left !== last[index])) moved.push(row.outerHTML);
              }
              return moved;
            })
            """)
          #expect(moved == [], "\(session), \(screen)")
        }
      }
    }

    @Test("the style is in force, and every link leads to a place in the file, or to the web")
    func links() throws {
      try inFiles(of: Self.demo) { (tab, session) throws in
        #expect(try tab.text("getComputedStyle(document.body).fontSize") == "13px")
        let lost = try tab.texts(
          """
          [...document.querySelectorAll('a')].map((e) =>
            e.getAttribute('href') ?? e.getAttribute('xlink:href')).filter((address) =>
            !address.startsWith('#') && !/^https?:\\/\\//.test(address))
          """)
        #expect(lost == [], "\(session)")
      }
    }

    @Test("finds what stands in a fold, unfolds it, and goes on to the next")
    func find() throws {
      var lines = ClaudeLines()
      lines.prompt("Count the days")
      lines.run("make test", id: "toolu_1")
      lines.result((1...60).map { "case \($0) passed" }.joined(separator: "\n"), id: "toolu_1")
      lines.say("Case 30 was the odd one.")
      let text = lines.text
      try inFiles(of: one(text)) { (tab, _) throws in
        let isSeen = "document.querySelector('.output pre').checkVisibility()"
        #expect(try !tab.holds(isSeen))
        try tab.press("/")
        try tab.press("c", "a", "s", "e", " ", "3", "0")
        #expect(
          try tab.becomes("document.querySelector('.finder output').textContent === '1 of 2'"))
        #expect(try tab.holds(isSeen))
        try tab.press("Enter")
        #expect(
          try tab.becomes("document.querySelector('.finder output').textContent === '2 of 2'"))
        #expect(
          try tab.text("document.querySelector('.is-found').innerText").contains("the odd one"))
        #expect(try tab.complaints() == [])
      }
    }

    @Test("is read without JavaScript: all of it is there, and no control that does nothing")
    func withoutScript() throws {
      var lines = ClaudeLines()
      lines.prompt("Count the days")
      lines.say("Seven.")
      let text = lines.text
      try inFiles(of: one(text), Screen(runsScripts: false)) { (tab, _) throws in
        #expect(try tab.text("document.querySelector('.transcript').innerText").contains("Seven."))
        #expect(
          try tab.text("getComputedStyle(document.querySelector('.finder')).visibility") == "hidden"
        )
      }
    }

    @Test("attacks are shown as text in it")
    func hostile() throws {
      try inFiles(of: HostileFleet.write) { (tab, session) throws in
        let found = try tab.texts(
          """
          (() => {
            const names = /^on|pwned|^style$|^srcdoc$|^autofocus$/;
            const found = window.pwned === undefined ? [] : ['a script ran'];
            const strange = 'img, iframe, object, embed, base, foreignObject, textarea, x-pwned,'
              + 'video, audio, frame, dialog, slot, script[src], form:not(.finder)';
            for (const element of document.querySelectorAll('*')) {
              if (element.matches(strange)
                || element.getAttributeNames().some((name) => names.test(name))) {
                found.push(element.cloneNode(false).outerHTML.slice(0, 200));
              }
            }
            if (document.querySelectorAll('script').length !== 1) found.push('a script more');
            if (document.querySelectorAll('style').length !== 1) found.push('a style more');
            return found;
          })()
          """)
        #expect(found == [], "\(session)")
        #expect(try tab.complaints() == [], "\(session)")
      }
    }
  }
}

extension Tab {
  func open(url: String) throws {
    var body = JSONObject()
    body.set("url", url)
    try driver.send("POST", "/url", body.text)
  }

  /// From here on no request leaves the tab.
  func cutNetwork() throws {
    try driver.devTools("Network.enable", JSONObject())
    var conditions = JSONObject()
    conditions.set("offline", true)
    conditions.set("latency", 0)
    conditions.set("downloadThroughput", 0)
    conditions.set("uploadThroughput", 0)
    try driver.devTools("Network.emulateNetworkConditions", conditions)
  }
}
