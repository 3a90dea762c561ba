import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

extension BrowserTests {
  @Suite("The viewer while the log grows")
  struct LiveBrowserTests {
    @Test("new events are announced and nothing moves, also after the server was started anew")
    func announced() throws {
      let home = try TemporaryFolder.make()
      defer { home.remove() }
      try home.makeFolder("transcripts")
      let folder = TemporaryFolder(path: home.path("transcripts"))
      let fleet = Fleet(folder: folder, database: home.path("log.db").text)
      var lines = ClaudeLines()
      for index in 0..<60 { lines.prompt("earlier prompt \(index)") }
      try folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      func append(_ text: String) throws {
        let before = lines.text.utf8.count
        lines.prompt(text)
        try folder.append("a.jsonl", Array(lines.text.utf8.dropFirst(before)))
      }

      var server = try RunningServer(folder: folder.path.text, database: fleet.database)
      defer { _ = server.stop() }
      let driver = try #require(BrowserTrait.driver)
      try Tab.with(Screen(), of: driver, at: server.url) { tab in
        try tab.open("/events?type=message.user")
        try tab.value("scrollTo({ top: 400, behavior: 'instant' }), window.kept = true")
        let place = "document.querySelectorAll('[data-row]')[20].getBoundingClientRect().top"
        let before = try tab.number("Math.round(\(place))")
        let words = "document.querySelector('.new-events a:not([hidden])')?.textContent"

        try append("news of the day")
        #expect(try tab.becomes("\(words) === '1 new event'"))
        #expect(try tab.text("document.querySelector('.sub').textContent") == "61 events")
        let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
        #expect(server.stop() == 0)
        try append("while nobody watched")
        server = try RunningServer(
          folder: folder.path.text, database: fleet.database, port: port)
        #expect(try tab.becomes("\(words) === '2 new events'"))
        try append("last words")
        #expect(try tab.becomes("\(words) === '3 new events'"))
        let after = try tab.number("Math.round(\(place))")
        #expect(after == before)
        #expect(try tab.value("window.kept === true").bool == true)

        try tab.click(".new-events a")
        #expect(try tab.becomes("window.kept === undefined && document.readyState === 'complete'"))
        let first = try tab.text("document.querySelector('[data-row] .what').textContent")
        #expect(first.contains("last words"))
        #expect(try tab.value("document.querySelector('.new-events a').hidden").bool == true)
      }
    }
  }
}
