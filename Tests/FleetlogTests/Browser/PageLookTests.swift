import FleetlogEvents
import Foundation
import Testing

@testable import FleetlogWeb

extension BrowserTests {
  /// What holds of every page on every screen.
  @Suite("Every page", .servingDemo)
  struct PageLook {
    /// Every route, and the states that a page can be in.
    static let pages: [String] =
      Routes.pages.map(\.pattern) + [
        "/events?type=blocked&attention=1&since=2020-01-01T00:00:00Z",
        "/events?q=retry&sort=oldest",
        "/events?q=nothing-says-this", "/events?type=blocked#first",
        "/sessions?agent=codex&limit=3",
        "/sessions?q=nothing-is-called-this",
        "/tasks?status=merged", "/tasks?q=nothing-is-called-this", "/tasks/issue:0",
        "/workers?at=2026-03-03T10:00:00Z&all=1", "/workers?state=failed", "/workers?all=1",
        "/runs?since=2020-01-01T00:00:00Z", "/runs?role=nobody",
        "/graph?relation=blocked_by&relation=duplicates", "/graph?session=none",
        "/sources?source=1",
        "/sessions/:id?q=the", "/sessions/:id?q=nothing-says-this",
        "/sessions/:id?from=2026-03-03T10:30:00Z", "/sessions/:id?to=2020-01-01T00:00:00Z",
      ]

    /// Pages that say no. The browser itself complains of their status.
    static let refusals = [
      "/nowhere", "/events/999999999", "/sessions/none", "/events?since=soon",
      "/runs/none", "/runs?since=soon", "/tasks/issue:999", "/tasks?status=odd",
      "/sessions/none?from=soon",
    ]

    /// The address of a page; where its route wants an id, the first that the list links to.
    private func address(of pattern: String, in tab: Tab) throws -> String {
      guard let place = pattern.range(of: ":id") else { return pattern }
      let list = String(pattern[..<place.lowerBound])
      try tab.open(String(list.dropLast()))
      let first = try tab.text(
        "document.querySelector('main a[href^=\"\(list)\"]').getAttribute('href')")
      return first + pattern[place.upperBound...]
    }

    private func look(
      at pages: [String], on screen: Screen, refused isRefused: Bool = false
    ) throws {
      try ServedFleet.inTab(screen) { tab in
        for page in pages {
          try tab.open(try address(of: page, in: tab))
          let faults = try tab.texts(PageAudit.faults)
          #expect(faults == [], "\(page)")
          let complaints = try tab.complaints().filter { !isRefused || !$0.contains("status of 4") }
          #expect(complaints == [], "\(page)")
        }
      }
    }

    @Test(
      "has one heading, names for what can be used, contrast, room, and nothing to complain of",
      arguments: Screen.all)
    func looks(screen: Screen) throws {
      try look(at: Self.pages, on: screen)
    }

    @Test("looks as it should where it says no", arguments: Screen.all)
    func refuses(screen: Screen) throws {
      try look(at: Self.refusals, on: screen, refused: true)
    }

    @Test("of a hundred events weighs at most 150 kB as it is sent, style and scripts included")
    func weight() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/events?limit=100")
        #expect(try tab.number("document.querySelectorAll('.events [data-row]').length") == 100)
        let bytes = try tab.number(
          """
          ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type))
            .reduce((sum, entry) => sum + entry.encodedBodySize, 0)
          """)
        #expect((10_000...150_000).contains(bytes))
        let kinds = try tab.texts(
          "performance.getEntriesByType('resource').map((entry) => entry.initiatorType)")
        #expect(Set(kinds).isSuperset(of: ["link", "script"]))
      }
    }

    @Test("is printed without what only a screen can use, within the paper")
    func printed() throws {
      try ServedFleet.inTab(Screen(width: 1024)) { tab in
        for page in Routes.pages.map(\.pattern) {
          try tab.open(try address(of: page, in: tab))
          var media = JSONObject()
          media.set("media", "print")
          try tab.driver.devTools("Emulation.setEmulatedMedia", media)
          let useless = try tab.texts(
            """
            [...document.querySelectorAll('.side, .top, footer, form, .tools, .follow, .pager a')]
              .filter((element) => element.checkVisibility()).map((element) => element.outerHTML)
            """)
          #expect(useless == [], "\(page)")
          let root = "document.documentElement"
          #expect(try tab.holds("\(root).scrollWidth <= \(root).clientWidth"), "\(page)")
          #expect(try tab.holds("document.querySelector('h1')"), "\(page)")
        }
      }
    }

    @Test("stays so with everything unfolded", arguments: Screen.all)
    func unfolded(screen: Screen) throws {
      try ServedFleet.inTab(screen) { tab in
        for page in ["/events", "/sessions/:id", "/events/:id", "/validation"] {
          try tab.open(try address(of: page, in: tab))
          try tab.value(
            "document.querySelectorAll('details').forEach((e) => { e.open = true; }), true")
          let faults = try tab.texts(PageAudit.faults)
          // What one unfolds oneself may move what is below.
          #expect(faults.filter { !$0.contains("moved by itself") } == [], "\(page)")
        }
      }
    }
  }

  @Suite("Before anything is read, every page", .serving { _ in })
  struct EmptyLog {
    @Test("says that it is empty and looks as it should", arguments: Screen.all)
    func looks(screen: Screen) throws {
      try ServedFleet.inTab(screen) { tab in
        for page in Routes.pages.map(\.pattern) where !page.contains(":id") {
          try tab.open(page)
          #expect(try tab.texts(PageAudit.faults) == [], "\(page)")
          #expect(try tab.complaints() == [], "\(page)")
        }
      }
    }
  }
}
