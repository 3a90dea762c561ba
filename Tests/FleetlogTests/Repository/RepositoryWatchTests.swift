import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Repositories of live sessions", .timeLimit(.minutes(10)))
struct RepositoryWatchTests {
  private static let session = "00000071-0000-4000-8000-000000000000"

  private func line(_ number: Int, _ type: String, in folder: String, _ message: String) -> String {
    let time = Timestamp.format(Int64(Date().timeIntervalSince1970 * 1000))
    return
      #"{"type":"\#(type)","uuid":"0071-\#(number)","sessionId":"\#(Self.session)","timestamp":"\#(time)","cwd":"\#(folder)","version":"2.1.120","requestId":"r\#(number)","message":\#(message)}"#
      + "\n"
  }

  private func answer(_ number: Int, in folder: String, _ text: String) -> String {
    line(
      number, "assistant", in: folder,
      #"{"id":"m\#(number)","role":"assistant","model":"claude-opus-4-5","content":[{"type":"text","text":"\#(text)"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":5}}"#
    )
  }

  @Test("the first record tells where it stands, the end of a turn where it stood then")
  func live() throws {
    try Fleet.with { fleet in
      try TemporaryFolder.with { folder in
        let repository = try GitRepository(folder)
        try folder.write("a.txt", "one\n")
        let first = try repository.commit()
        let place = folder.path.text
        let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
        try fleet.folder.write(
          "a.jsonl", line(1, "user", in: place, #"{"role":"user","content":"Change it"}"#))
        let observations = "/events.json?type=observation.recorded"
        let started = try server.wait(for: #""git_head_sha":""#, at: observations)
        #expect(started.contains(first))
        try folder.write("a.txt", "two\nthree\n")
        let last = try repository.commit()
        try fleet.folder.append("a.jsonl", answer(2, in: place, "Done."))
        let ended = try server.wait(for: #""git_head_sha_end":""#, at: observations)
        #expect(ended.contains(last))
        #expect(ended.contains(#""git_lines_added":2"#))
        let page = "/sessions/\(Self.session)/diff-summary"
        let twin = try JSONDocument(server.get(page + ".json").body).root
        #expect(twin["status"]?.string == "ok")
        #expect(twin["git_head_sha"]?.string == first)
        #expect(twin["git_head_sha_end"]?.string == last)
        #expect(twin["files_changed"]?.int == 1)
        #expect(try server.get(page).body.contains("1 file changed, 2 lines added, 1 removed"))
        #expect(try server.get("/sessions/\(Self.session)").body.contains("what changed"))
        // A turn that changes nothing has nothing more to tell.
        try fleet.folder.append("a.jsonl", answer(3, in: place, "Nothing to do."))
        _ = try server.wait(for: "Nothing to do.", at: "/events")
        #expect(server.stop() == 0)
        let found = try fleet.events(.observationRecorded)
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.sourceKind == "system" && $0.provenance == "repo" })
      }
    }
  }

  @Test("an import gives no session of then the head of today")
  func imported() throws {
    try Fleet.with { fleet in
      try TemporaryFolder.with { folder in
        let repository = try GitRepository(folder)
        try folder.write("a.txt", "one\n")
        try repository.commit()
        let place = folder.path.text
        let text =
          line(1, "user", in: place, #"{"role":"user","content":"Change it"}"#)
          + answer(2, in: place, "Done.")
        try fleet.folder.write("a.jsonl", text)
        try fleet.ingest()
        #expect(try fleet.events(.observationRecorded).isEmpty)
        // Nor does a server that finds it an hour later.
        let old = text.replacing(
          Timestamp.format(Int64(Date().timeIntervalSince1970 * 1000)).prefix(10),
          with: "2026-01-05")
        try fleet.folder.write(
          "b.jsonl", old.replacing("0071", with: "0072").replacing("Done.", with: "Long done."))
        let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
        _ = try server.wait(for: "Long done.", at: "/events")
        #expect(server.stop() == 0)
        #expect(try fleet.events(.observationRecorded).isEmpty)
      }
    }
  }
}
