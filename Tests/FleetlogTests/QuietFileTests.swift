import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogIngest
@testable import FleetlogStore
@testable import fleetlog

@Suite("What a parser holds back")
struct QuietFileTests {
  @Test("waits for its file to be quiet by the time that the file has now, touched or not")
  func touched() throws {
    try Fleet.with { fleet in
      func touch(hoursAgo: Double) throws {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -3600 * hoursAgo)],
          ofItemAtPath: fleet.folder.path("a.jsonl").text)
      }
      /// How many messages of the model are known once what was quiet for long is written.
      func read() throws -> Int {
        let writer = try Pipeline.create(database: fleet.database)
        let search = try SearchThread(database: fleet.database)
        let pipeline = Pipeline(
          writer: writer, cap: .sha256(), search: search, clock: Clock.now)
        for file in FileLister().list([fleet.folder.path]).files { pipeline.take(file) }
        while try pipeline.step() {}
        try pipeline.settle(quietSince: Clock.now() - Pipeline.quietTime)
        try search.finish()
        return try fleet.events(.llmCallCompleted).count
      }
      var lines = ClaudeLines()
      lines.prompt("go")
      lines.say("the first part", message: "msg_1")
      try fleet.folder.write("a.jsonl", lines.text)
      #expect(try read() == 0)
      try touch(hoursAgo: -1)
      #expect(try read() == 0)
      try touch(hoursAgo: 1)
      #expect(try read() == 1)
    }
  }
}
