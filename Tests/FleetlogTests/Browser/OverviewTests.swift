import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  @Suite("The overview", .servingDemoOfToday)
  struct OverviewTests {
    /// A question, the links that are clicked one after another, and what then answers it.
    struct Question: Sendable, CustomTestStringConvertible {
      let words: String
      var clicks: [String] = []
      let answer: String

      var testDescription: String { words }
    }

    private static let text = "document.querySelector('main').innerText"
    private static let need = "document.querySelector('.needs li').innerText"

    static let questions = [
      Question(
        words: "Who needs me, why, since when?",
        answer: "/^billing-api[^]*rm -rf build[^]*waits for your go-ahead/.test(\(need)) "
          + "&& /[0-9] min/.test(\(need))"),
      Question(
        words: "Which bytes say so?", clicks: [".needs a[href*='#receipt']"],
        answer: "location.hash === '#receipt' && \(text).includes('rm -rf build')"),
      Question(
        words: "What are five stuck workers stuck on?",
        answer: "/5 workers, one cause[^]*Registry login expired/.test(\(text))"),
      Question(
        words: "How does that hang together?", clicks: [".needs a[href^='/graph']"],
        answer: "document.querySelectorAll('.graph .edge.blocked-by').length === 4"),
      Question(
        words: "Which workers are stuck?", clicks: [".tally a.tone-block"],
        answer: "document.querySelectorAll('.workers tbody tr').length >= 5 "
          + "&& !\(text).includes('billing-api')"),
      Question(
        words: "What does a worker do, and for how long?",
        answer: "/billing-api[^]*waiting on operator[^]*rm -rf build[^]*min/"
          + ".test(document.querySelector('.fleet tbody tr').innerText)"),
      Question(
        words: "Is what it claims true?",
        answer: "/ledger-core[^]*Says “All tests pass; PR #482/"
          + ".test(document.querySelector('.board .people').textContent)"),
      Question(
        words: "What did this session do?", clicks: [".needs a[href^='/sessions/']"],
        answer: "document.querySelector('.lanes-pane svg') && \(text).includes('4.2')"),
      Question(
        words: "What was handed over?",
        answer: "document.querySelectorAll('.deliveries li').length === 7"),
      Question(
        words: "What happened in a peak?", clicks: [".histogram a"],
        answer: "location.pathname === '/events' && location.search.includes('since=')"),
      Question(
        words: "What became of an issue?",
        clicks: [".side a[href='/tasks']", ".tasks a[href='/tasks/issue:213']"],
        answer: "document.querySelector('h1').innerText.includes('213')"),
      Question(
        words: "Who started this process?",
        clicks: [".side a[href='/runs']", ".run-tree .names li a[href^='/runs/']"],
        answer: "document.querySelector('.run-tree')"),
    ]

    @Test("answers within two clicks", arguments: questions)
    func answers(question: Question) throws {
      #expect(question.clicks.count <= 2)
      // As a reader without JavaScript would find it, so that every click is a link.
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open("/")
        for selector in question.clicks {
          let address =
            "document.querySelector(`\(selector)`).href.baseVal "
            + "?? document.querySelector(`\(selector)`).getAttribute('href')"
          try tab.open(try tab.text(address))
        }
        #expect(try tab.holds(question.answer), "\(question.words)")
      }
    }

    @Test(
      "a worker has one name on every page, the whole of it at hand, and a mark where others share it"
    )
    func names() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        func title(_ selector: String) throws -> String {
          try tab.text("document.querySelector(`\(selector)`).title")
        }
        try tab.open("/")
        let row = "document.querySelector('.fleet tbody tr td.what a')"
        let marked = try tab.text("\(row).innerText")
        let full = try tab.text("\(row).title")
        let session = try tab.text("\(row).getAttribute('href')").dropFirst("/sessions/".count)
        let event = try tab.text(
          "document.querySelector('.needs [data-open]').getAttribute('href')"
        ).dropFirst("/events/".count)
        // Another session of the demo works in the same folder.
        let name = "billing-api"
        #expect(marked == "billing-api · \(session.prefix(4))")
        #expect(full.hasPrefix("billing-api · worker claude-"))
        #expect(try tab.text("document.querySelector('.needs .who').innerText") == marked)
        #expect(try title(".needs .who").hasPrefix(full))
        try tab.open("/workers")
        let first = ".workers tbody td.what a"
        #expect(try tab.text("document.querySelector('\(first)').innerText") == marked)
        #expect(try title(first) == full)
        try tab.open("/runs?session=\(session)")
        #expect(try tab.text("document.querySelector('.run-rows td.what a').innerText") == name)
        #expect(try tab.text("document.querySelector('.run-tree .names a').innerText") == name)
        #expect(try title(".run-rows td.what a") == full)
        try tab.open("/sessions/\(session)")
        #expect(try tab.text("document.querySelector('.sub span').innerText") == name)
        #expect(try title(".sub span") == full)
        #expect(try tab.text("document.querySelector('.lane-names .trunk').textContent") == name)
        try tab.open("/events?session=\(session)&role=worker")
        let names = try tab.texts(
          "[...document.querySelectorAll('.events .who a')].map((a) => a.innerText)")
        #expect(names.count > 5)
        #expect(Set(names) == [name])
        #expect(try title(".events .who a") == full)
        try tab.open(
          try tab.text("document.querySelector('.events [data-open]').getAttribute('href')"))
        #expect(try tab.text("document.querySelector('.sub a').innerText") == name)
        #expect(try title(".sub a") == full)
        try tab.open("/graph?root=\(event)")
        let nodes = "[...document.querySelectorAll('.graph .node title')]"
        #expect(try tab.holds("\(nodes).some((title) => title.textContent.includes(`\(full)`))"))
      }
    }

    @Test("its counts add up: workers by state to all, causes by kind to all")
    func counts() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/")
        let sum = "reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0)"
        #expect(
          try tab.holds(
            """
            parseInt(document.querySelector('.tally li').innerText)
              === [...document.querySelectorAll('.tally b')].map((b) => b.innerText).\(sum)
            """))
        let note = "document.querySelector('#needs small').innerText"
        #expect(
          try tab.holds(
            """
            (([all, kinds]) => parseInt(all) > 6
              && parseInt(all) === kinds.match(/[0-9]+/g).\(sum))(\(note).split(' causes: '))
            """))
        #expect(
          try tab.holds(
            "parseInt(\(note)) === document.querySelectorAll('.needs li').length"))
      }
    }

    @Test("shows all its parts on one screen")
    func oneScreen() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/")
        let parts = try tab.texts(
          """
          [...document.querySelectorAll('.tally, .needs, .fleet, .deliveries, .over-time')]
            .filter((part) => part.checkVisibility() && part.getBoundingClientRect().bottom > 900)
            .map((part) => part.className)
          """)
        #expect(parts == [])
        #expect(try tab.number("document.querySelectorAll('.over-time').length") == 2)
      }
    }

    @Test("shows what else needs you where it stands, once it is unfolded")
    func unfolds() throws {
      try ServedFleet.inTab { tab in
        try tab.open("/")
        #expect(try !tab.holds("document.querySelector('.rest .needs').checkVisibility()"))
        try tab.click(".rest > summary")
        #expect(try tab.holds("document.querySelector('.rest .needs').checkVisibility()"))
        #expect(try tab.number("document.querySelectorAll('.rest .needs li').length") > 5)
      }
    }
  }
}
