import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

extension BrowserTests {
  /// A session over time: from the lanes to the text and back, and closer to a stretch.
  @Suite("The lanes of a session", .servingLanes)
  struct Lanes {
    private static let session = "/sessions/" + ClaudeLines().session
    private static let bars = "[...document.querySelectorAll('.lanes .b.command')]"

    @Test("without JavaScript, a span leads to its entry and the entry back to its span")
    func jumps() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.session)
        let target = try tab.text(
          "document.querySelector('.lanes a[id] > .command.failed').parentNode.getAttribute('href')"
        )
        try tab.open(Self.session + target)
        #expect(
          try tab.holds("document.querySelector('.entry:target, .entry:has(:target)') !== null"))
        #expect(
          try tab.text("document.querySelector('.entry:target .command').innerText")
            .contains("make test"))
        let back = try tab.text(
          "document.querySelector('.entry:target > a.bar').getAttribute('href')")
        #expect(back == "#s" + target.dropFirst(2))
        try tab.click(".entry:target > a.bar")
        #expect(try tab.becomes("document.querySelector('.lanes a:target') !== null"))
      }
    }

    @Test("a span leads to its entry on another page of the transcript")
    func otherPage() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.session + "?limit=5")
        let links = try tab.texts("\(Self.bars).map((e) => e.parentNode.getAttribute('href'))")
        let away = try #require(links.last { $0.contains("at=") })
        try tab.open(away)
        let entry = "document.querySelector('.transcript .entry:target, .entry:has(:target)')"
        #expect(try tab.holds("\(entry) !== null"))
        #expect(try tab.becomes("\(entry).getBoundingClientRect().top < innerHeight"))
      }
    }

    @Test("without JavaScript, links lead closer, along and back to the whole")
    func zoomLinks() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.session)
        let all = try tab.number("document.querySelectorAll('.transcript .entry').length")
        func follow(_ key: String) throws {
          try tab.open(
            try tab.text("document.querySelector('[data-key=\"\(key)\"]').getAttribute('href')"))
        }
        try follow("+")
        #expect(try tab.path.contains("from="))
        let some = try tab.number("document.querySelectorAll('.transcript .entry').length")
        #expect((1..<all).contains(some))
        let here = try tab.path
        try follow("]")
        #expect(try tab.path != here)
        try follow("0")
        #expect(try tab.path == Self.session + "#lanes")
        #expect(try tab.number("document.querySelectorAll('.transcript .entry').length") == all)
      }
    }

    @Test("drawing over the lanes leads to that stretch, and Escape to nothing")
    func brush() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.session)
        let box = try tab.texts(
          """
          (() => { const r = document.querySelector('.lanes').getBoundingClientRect();
            return [r.left, r.top + 40, r.width].map((n) => String(Math.round(n))); })()
          """
        ).compactMap(Int.init)
        let (left, top, width) = (box[0], box[1], box[2])
        try tab.drag(from: (left + width / 4, top), to: (left + width / 3, top)) {
          try tab.press("Escape")
        }
        #expect(try tab.path == Self.session)
        try tab.arrive {
          try tab.drag(from: (left + width / 4, top), to: (left + width / 2, top))
        }
        let query = try #require(URLComponents(string: try tab.path)?.queryItems)
        let times = query.compactMap { $0.value.flatMap { Int($0) } }
        #expect(query.map(\.name) == ["from", "to"])
        #expect(times[0] < times[1])
        #expect(try tab.number("document.querySelectorAll('.lanes .b').length") > 0)
        #expect(try tab.complaints() == [])
      }
    }

    @Test("an entry that is pointed at, or that a link led to, lights up in the lanes")
    func hover() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.session)
        try tab.value(
          "document.querySelector('.entry:has(> a.bar) .body')"
            + ".dispatchEvent(new PointerEvent('pointerover', { bubbles: true })), true")
        #expect(try tab.number("document.querySelectorAll('.lanes .lit').length") == 1)
        let target = try tab.text(
          "document.querySelector('.lanes a[id] > .command.failed').parentNode.getAttribute('href')"
        )
        // Another page, so that the browser arrives at the entry and does not only scroll to it.
        try tab.open("/sessions")
        try tab.open(Self.session + target)
        #expect(
          try tab.text("document.querySelector('.lanes .lit').id") == "s" + target.dropFirst(2))
      }
    }

    @Test("what is found in the session is its own, and leads back to everything")
    func find() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.session)
        try tab.arrive { try tab.type("needle\n", into: ".find input[type=search]") }
        #expect(try tab.path == Self.session + "?q=needle")
        #expect(try tab.number("document.querySelectorAll('.transcript .entry').length") == 1)
        #expect(try tab.text("document.querySelector('.finding').innerText").contains("1 event"))
        try tab.arrive { try tab.click(".finding a:last-child") }
        #expect(try tab.path == Self.session)
      }
    }

    @Test("what the agent wrote is Markdown, and fetches nothing")
    func markdown() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.session)
        #expect(try tab.number("document.querySelectorAll('.written table td').length") == 2)
        #expect(try tab.number("document.querySelectorAll('.written img').length") == 1)
        #expect(
          try tab.texts("[...document.querySelectorAll('.written a')].map((e) => e.href)")
            == ["https://example.org/a.png"])
        #expect(try tab.complaints() == [])
      }
    }
  }
}

extension Tab {
  /// Draws with the pointer from one place to another, in CSS pixels.
  ///
  /// - Parameter meanwhile: what is done before the button is let go.
  func drag(
    from start: (x: Int, y: Int), to end: (x: Int, y: Int), meanwhile: () throws -> Void = {}
  ) throws {
    func mouse(_ type: String, _ place: (x: Int, y: Int), _ buttons: Int) throws {
      var event = JSONObject()
      event.set("type", type)
      event.set("x", place.x)
      event.set("y", place.y)
      event.set("button", buttons == 0 && type == "mouseMoved" ? "none" : "left")
      event.set("buttons", buttons)
      event.set("clickCount", 1)
      try driver.devTools("Input.dispatchMouseEvent", event)
    }
    try mouse("mouseMoved", start, 0)
    try mouse("mousePressed", start, 1)
    try mouse("mouseMoved", ((start.x + end.x) / 2, end.y), 1)
    try mouse("mouseMoved", end, 1)
    try meanwhile()
    try mouse("mouseReleased", end, 0)
  }
}

extension Trait where Self == ServedFleetTrait {
  /// One conversation of Claude Code with calls, a failure, a table, a picture and a refused one.
  fileprivate static var servingLanes: ServedFleetTrait {
    serving { folder in
      var lines = ClaudeLines()
      lines.prompt("Count the days of the ledger")
      for number in 1...12 {
        lines.run(number == 3 ? "make test" : "step \(number)", id: "toolu_\(number)")
        if number == 3 {
          lines.failure("2 of 9 failed", id: "toolu_3")
        } else {
          lines.result("done", id: "toolu_\(number)")
        }
      }
      lines.say(
        """
        | day | count |
        |---|---|
        | one | two |

        ![own](data:image/png;base64,\(pixel)) ![remote](https://example.org/a.png)
        """)
      lines.prompt("the needle in the ledger")
      lines.say("Found.")
      try folder.write("conversation.jsonl", lines.text)
    }
  }

  /// A PNG of one pixel.
  private static var pixel: String {
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
  }
}
