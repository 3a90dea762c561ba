import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  @Suite("The door of a log that asks for its token")
  struct DoorTests {
    private static let token = AttackGroup.token

    private func atTheDoor(_ screen: Screen, _ body: (Tab) throws -> Void) throws {
      try AttackTests.underAttack(token: Self.token) { target, _ in
        let driver = try #require(BrowserTrait.driver)
        let origin = "http://127.0.0.1:\(target.port)"
        try Tab.with(screen, of: driver, at: origin, body)
      }
    }

    @Test(
      "opens with the token to the page that was asked for, with and without JavaScript",
      arguments: [true, false])
    func opens(runsScripts: Bool) throws {
      try atTheDoor(Screen(runsScripts: runsScripts)) { tab in
        try tab.open("/events?q=transcript&sort=oldest")
        #expect(try tab.text("document.title") == "Sign in · Fleetlog")
        #expect(try tab.text("document.activeElement.id") == "token")
        try tab.arrive { try tab.type("wrong\n", into: "#token") }
        #expect(
          try tab.text("document.querySelector('[role=alert]').textContent").contains(
            "not the token"))
        #expect(try tab.text("document.querySelector('#token').value").isEmpty)
        try tab.type(Self.token, into: "#token")
        try tab.arrive { try tab.click("button") }
        #expect(try tab.path == "/events?q=transcript&sort=oldest")
        #expect(try tab.holds("document.body.textContent.includes('nobody else should read')"))
        try tab.open("/sessions")
        #expect(try tab.text("document.title").hasPrefix("Sessions"))
        try tab.arrive { try tab.click(".out button") }
        #expect(try tab.path == "/login")
        try tab.open("/sessions")
        #expect(try tab.text("document.title") == "Sign in · Fleetlog")
      }
    }

    @Test("keeps its cookie from scripts and from other sites, and it is not the token")
    func cookie() throws {
      try atTheDoor(Screen()) { tab in
        try tab.open("/")
        try tab.type(Self.token, into: "#token")
        try tab.arrive { try tab.click("button") }
        #expect(try tab.text("document.cookie").isEmpty)
        let cookies = try tab.driver.send("GET", "/cookie").elements
          .filter { $0["name"]?.string == "fleetlog-0" }
        let cookie = try #require(cookies.first)
        #expect(cookie["httpOnly"]?.bool == true)
        #expect(cookie["sameSite"]?.string == "Strict")
        #expect(cookie["path"]?.string == "/")
        #expect(cookie["value"]?.string.map { $0.count == 64 && !Self.token.contains($0) } == true)
        let complaints = try tab.complaints().filter { !$0.contains("status of 401") }
        #expect(complaints == [])
      }
    }

    @Test("looks as it should, also where it says no", arguments: Screen.all)
    func looks(screen: Screen) throws {
      try atTheDoor(screen) { tab in
        try tab.open("/events")
        #expect(try tab.texts(PageAudit.faults) == [])
        try tab.arrive { try tab.type("wrong\n", into: "#token") }
        #expect(try tab.texts(PageAudit.faults) == [])
        let complaints = try tab.complaints().filter { !$0.contains("status of 401") }
        #expect(complaints == [])
      }
    }
  }
}
