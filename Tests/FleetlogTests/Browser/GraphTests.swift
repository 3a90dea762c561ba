import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  @Suite("The graph of links", .servingLinks)
  struct GraphTests {
    private static let open =
      "/graph?since=2026-01-01T00:00:00Z&relation=blocked_by&relation=resolves"

    @Test("the root stands out, alike events are counted, and the count leads to each of them")
    func expands() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.open)
        #expect(try tab.number("document.querySelectorAll('.graph .root').length") == 1)
        let root = try tab.text("document.querySelector('.graph .root .words').textContent")
        #expect(root == "The disk is full.")
        let more = "document.querySelector('.graph .more text').textContent"
        #expect(try tab.text(more) == "5 more blocked")
        let blocked = "document.querySelectorAll('.graph .node.tone-block').length"
        #expect(try tab.number(blocked) == 6)
        try tab.open(
          try tab.text("document.querySelector('.graph a:has(.more)').getAttribute('href')"))
        #expect(try tab.number(blocked) == 11)
        #expect(try !tab.holds("document.querySelector('.graph .more')"))
      }
    }

    @Test("what is pointed at shows what it hangs together with, and a click leads to it")
    func points() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.open)
        let node =
          "[...document.querySelectorAll('[data-node]')]"
          + ".find((e) => e.textContent.includes('decided'))"
        try tab.value(
          "\(node).dispatchEvent(new PointerEvent('pointerover', { bubbles: true })), true")
        #expect(try tab.number("document.querySelectorAll('.graph .near[data-node]').length") == 2)
        #expect(try tab.number("document.querySelectorAll('.graph .edge.near').length") == 1)
        #expect(
          try tab.text("getComputedStyle(document.querySelector('.graph .root')).opacity") == "0.3")
        #expect(try tab.text("getComputedStyle(\(node).querySelector('g')).opacity") == "1")
        try tab.value(
          "document.querySelector('.graph').dispatchEvent(new PointerEvent('pointerleave')), true")
        #expect(try tab.number("document.querySelectorAll('.near').length") == 0)
        try tab.arrive { try tab.click(".graph a:has(.root)") }
        #expect(try tab.text("document.querySelector('h1').innerText").contains("disk is full"))
      }
    }

    @Test("the table says the same as the drawing, and the form narrows both")
    func table() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        try tab.open(Self.open)
        #expect(try tab.number("document.querySelectorAll('.links tbody tr').length") == 11)
        try tab.open("/graph?since=2026-01-01T00:00:00Z&relation=resolves")
        #expect(try tab.number("document.querySelectorAll('.links tbody tr').length") == 1)
        #expect(try tab.number("document.querySelectorAll('.graph .edge').length") == 1)
        #expect(try tab.number("document.querySelectorAll('.graph [data-node]').length") == 2)
        #expect(
          try tab.holds("document.querySelector('input[name=relation][value=resolves]').checked"))
      }
    }

    @Test("the keys reach every event of the drawing, and say which")
    func keys() throws {
      try ServedFleet.inTab { tab in
        try tab.open(Self.open)
        let first = "document.querySelector('.graph a')"
        try tab.value("\(first).focus(), true")
        #expect(try tab.holds("document.activeElement.closest('.graph')"))
        // A browser without a window of its own tells nobody of the focus.
        try tab.value("\(first).dispatchEvent(new FocusEvent('focusin', { bubbles: true })), true")
        let silent = "document.querySelectorAll('.graph a:not(:has(title))').length"
        #expect(try tab.number(silent) == 0)
        #expect(try tab.holds("document.querySelector('.graph.pointed .near')"))
      }
    }
  }
}

extension Trait where Self == ServedFleetTrait {
  /// Ten workers that are blocked by one, and a question that was answered.
  static var servingLinks: ServedFleetTrait {
    serving { folder in
      func line(_ name: String, _ type: String, _ summary: String, _ more: String = "") -> String {
        #"{"event_type":"\#(type)","instance_id":"\#(name)","idempotency_key":"\#(name)","#
          + #""ts":"2026-03-03T10:0\#(name.utf8.count % 10):00Z","summary":"\#(summary)"\#(more)}"#
      }
      func link(_ relation: String, _ target: String) -> String {
        #","links":[{"relation_type":"\#(relation)","to":{"idempotency_key":"l:\#(target):\#(target)"}}]"#
      }
      var lines = [line("cause", "blocked", "The disk is full.")]
      for index in 0..<10 {
        lines.append(
          line("worker-\(index)", "blocked", "No room to build.", link("blocked_by", "cause")))
      }
      lines.append(line("asker", "needs_decision", "Which one?"))
      lines.append(line("answerer", "decided", "The first.", link("resolves", "asker")))
      try folder.write("events.jsonl", lines.joined(separator: "\n") + "\n")
    }
  }
}
