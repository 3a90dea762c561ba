import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

extension BrowserTests {
  /// Attacks from transcripts are text to the browser as to everybody.
  @Suite("Hostile transcripts", .serving(HostileFleet.write))
  struct Hostile {
    /// What in the page is not the dashboard's own work. The content security policy would stop
    /// much of it from doing harm; here none of it may be there at all.
    private static let intruders = """
      const found = window.pwned === undefined ? [] : ['a script ran'];
      const strange = 'img, iframe, object, embed, base, style, math, foreignObject, textarea,'
        + 'template, video, audio, frame, frameset, applet, marquee, dialog, slot, x-pwned,'
        + 'script:not([src^="/assets/"]), form:not([action="/events"], [action^="/sessions"],'
        + '[action="/workers"], [action="/runs"], [action="/graph"])';
      const names = /^on|pwned|^style$|^srcdoc$|^autofocus$|^formaction$/;
      for (const element of document.querySelectorAll('*')) {
        const address = element.getAttribute('href') ?? element.getAttribute('xlink:href');
        if (
          element.matches(strange) || element.getAttributeNames().some((name) => names.test(name))
          || (address !== null && new URL(address, location).origin !== location.origin)
        ) found.push(element.cloneNode(false).outerHTML.slice(0, 200));
      }
      """

    /// Looks for intruders in the page that is open. A dialog would stop the looking itself.
    ///
    /// - Parameter attacks: what the page must show, as the text that it is.
    private func inspect(_ tab: Tab, shows attacks: [String] = []) throws {
      let page = try tab.path
      let found = try tab.texts(
        """
        (() => {
          \(Self.intruders)
          const text = document.body.textContent;
          const hidden = \(JSONObject.array(of: attacks)).filter((each) => !text.includes(each));
          return found.concat(hidden.map((each) => `not shown: ${each}`));
        })()
        """)
      #expect(found == [], "\(page)")
    }

    /// Also what the policy stopped would be in here.
    private func expectNoComplaints(_ tab: Tab) throws {
      #expect(try tab.complaints().filter { !$0.contains("responded with a status of 4") } == [])
    }

    private func oneOfEachType(in tab: Tab) throws -> [String] {
      try tab.texts(
        """
        Object.values(Object.fromEntries([...document.querySelectorAll('[data-row]')].map((row) =>
          [row.querySelector('.type').innerText, row.querySelector('.when a').pathname])))
        """)
    }

    @Test("attacks are shown as text on the pages that list things")
    func lists() throws {
      try ServedFleet.inTab { tab in
        // The overview and the graph show what is recent, or some of it.
        for page in ["/", "/workers", "/graph?relation=spawned&relation=caused_by"] {
          try tab.open(page)
          try inspect(tab)
        }
        for page in [
          "/events?limit=500", "/sessions", "/workers?all=1", "/runs?since=2020-01-01T00:00:00Z",
          "/validation",
        ] {
          try tab.open(page)
          try inspect(tab, shows: HostileFleet.attacks)
        }
        try tab.open("/sources")
        try inspect(tab, shows: HostileFleet.attacks.map(HostileFleet.fileName))
        try tab.open("/healthz")
        try inspect(tab)
        try expectNoComplaints(tab)
      }
    }

    @Test("an attack is shown as text on the pages of its events", arguments: HostileFleet.attacks)
    func events(attack: String) throws {
      try ServedFleet.inTab { tab in
        try tab.open("/sessions")
        let sessions = try tab.texts(
          "[...document.querySelectorAll('td.what a')].map((link) => link.getAttribute('href'))"
        ).filter { $0.removingPercentEncoding?.hasSuffix(attack) == true }
        #expect(sessions.count == HostileFleet.formats)
        for session in sessions {
          try tab.open(session)
          try inspect(tab, shows: [attack])
          try tab.open("/events?limit=500&session=" + session.dropFirst("/sessions/".count))
          for event in try oneOfEachType(in: tab) {
            try tab.open(event)
            try inspect(tab, shows: [attack])
          }
        }
        try expectNoComplaints(tab)
      }
    }

    @Test("an attack in the search box is searched for", arguments: HostileFleet.attacks)
    func searchBox(attack: String) throws {
      try ServedFleet.inTab { tab in
        try tab.open("/")
        try tab.arrive { try tab.type(attack + "\n", into: ".top input[name=q]") }
        try inspect(tab)
        try expectNoComplaints(tab)
        #expect(try tab.text("document.querySelector('.top input[name=q]').value") == attack)
        #expect(try tab.text("document.title").contains(attack))
      }
    }

    @Test("an attack in an address is refused as text", arguments: HostileFleet.attacks)
    func addresses(attack: String) throws {
      let encoded = try #require(
        attack.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      try ServedFleet.inTab { tab in
        for (page, shows) in [
          ("/" + encoded, false), ("/sessions/" + encoded + "1", false),
          ("/events?since=" + encoded, false), ("/events?" + encoded + "=1", true),
          ("/events?type=\(encoded)&tag=\(encoded)&project=\(encoded)", true),
          ("/sessions?q=" + encoded, true), ("/sources?source=" + encoded, false),
        ] {
          try tab.open(page)
          try inspect(tab, shows: shows ? [attack] : [])
        }
        try expectNoComplaints(tab)
      }
    }
  }
}
