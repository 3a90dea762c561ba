import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

extension BrowserTests {
  /// Why a state should be believed: from the worker's row to what its transcript says.
  @Suite("From a worker's state", .servingWorkers)
  struct TwoClicks {
    private static let statuses: Set<String> = [
      "blocked", "complete", "failed", "idle", "stale", "unknown", "waiting on operator", "working",
    ]

    /// Opens a page once the server has looked at all its files: as long as it has not, a line over
    /// the page says so.
    private func openAtRest(_ path: String, in tab: Tab) throws {
      for _ in 0..<500 {
        try tab.open(path)
        if try tab.holds("document.querySelector('.import').hidden") { return }
      }
      Issue.record("the import never ended")
    }

    /// The states of one moment, each kind once: the column, the state and its event.
    private func states(_ tab: Tab, at moment: String) throws -> [String: String] {
      try openAtRest("/workers?all=1&at=\(moment)", in: tab)
      let found = try tab.texts(
        """
        [...document.querySelectorAll('td.view .state-line a')].map((a) =>
          a.closest('td').dataset.label + ': ' + a.innerText + '|' + a.getAttribute('href'))
        """)
      let pairs = found.map { $0.split(separator: "|").map(String.init) }
      return Dictionary(pairs.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("two clicks at most lead to the bytes it rests on, for every kind of state")
    func receipts() throws {
      try ServedFleet.inTab(Screen(runsScripts: false)) { tab in
        var seen: Set<String> = []
        for moment in ["2026-03-03T12:02:30Z", "2026-03-03T12:45:00Z", "2026-03-03T14:00:00Z"] {
          for (kind, event) in try states(tab, at: moment) {
            seen.insert(String(kind.split(separator: ": ")[1]))
            try tab.open("/workers?all=1&at=\(moment)")
            try tab.arrive { try tab.click("td.view .state-line a[href='\(event)']") }
            let receipt = "document.querySelector('#receipt pre') !== null"
            if try tab.holds(receipt) { continue }
            let evidence = try tab.text(
              "document.querySelector('[aria-labelledby=\"links\"] a[href^=\"/events/\"]')"
                + ".getAttribute('href')")
            try tab.arrive {
              try tab.click("[aria-labelledby='links'] a[href='\(evidence)']")
            }
            #expect(try tab.holds(receipt), "\(kind) by \(event) and \(evidence)")
          }
        }
        #expect(seen.isSuperset(of: Self.statuses), "\(seen)")
      }
    }
  }
}

extension Trait where Self == ServedFleetTrait {
  /// Workers in every state, from scenarios that have no instance in common.
  fileprivate static var servingWorkers: ServedFleetTrait {
    serving { folder in
      let scenarios = [
        "permission-by-hook", "questions-and-plans", "crashes", "resumed-silence",
        "parent-waits-on-child", "blocked-yet-producing", "interrupted-turn",
        "inferred-completion-with-pr",
      ]
      for scenario in scenarios {
        let root = Fixtures.url("\(Scenario.folder)/\(scenario)").path
        for name in FileManager.default.subpaths(atPath: root) ?? []
        where name.hasSuffix(".jsonl") {
          let place = "\(scenario)/\(name)"
          try folder.makeFolder((place as NSString).deletingLastPathComponent)
          try folder.write(place, Fixtures.bytes("\(Scenario.folder)/\(place)"))
        }
      }
    }
  }
}
