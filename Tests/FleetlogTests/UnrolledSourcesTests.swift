import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Transcripts that are no lines")
struct UnrolledSourcesTests {
  /// A session of Gemini CLI, as many of its messages as are asked for, as the older builds write
  /// it and as the newer ones do.
  private enum Gemini {
    static let messages = [
      #"{"id":"m1","timestamp":"2026-01-01T10:00:01.000Z","type":"user","content":"Round the sums."}"#,
      #"{"id":"m2","timestamp":"2026-01-01T10:00:02.000Z","type":"gemini","content":"I look.","#
        + #""tokens":{"input":100,"output":10,"cached":40},"model":"gemini-3-pro","toolCalls":"#
        + #"[{"id":"c1","name":"run_shell_command","args":{"command":"npm test"},"status":"success","#
        + #""result":[{"functionResponse":{"response":{"output":"failed\nExit Code: 1"}}}]}]}"#,
      #"{"id":"m3","timestamp":"2026-01-01T10:00:03.000Z","type":"gemini","content":"Mended."}"#,
      #"{"id":"m4","timestamp":"2026-01-01T10:00:04.000Z","type":"user","content":"Thanks."}"#,
    ]
    static let head =
      #""sessionId":"s-gemini","projectHash":"ab","startTime":"2026-01-01T10:00:00.000Z""#

    static func document(_ messages: [String]) -> String {
      "{\n  \(head),\n  \"lastUpdated\": \"\(messages.count)\",\n  \"messages\": [\n    "
        + messages.map { $0.replacing(#"":"#, with: #"" : "#) }.joined(separator: ",\n    ")
        + "\n  ]\n}"
    }

    static var log: String {
      "{\(head)}\n" + messages.map { $0 + "\n" }.joined()
    }
  }

  private func types(_ fleet: Fleet) throws -> [String: Int] {
    try fleet.events().filter { !$0.isInferred }.reduce(into: [:]) {
      $0[$1.type.rawValue, default: 0] += 1
    }
  }

  private let wholeGemini = [
    "process.started": 1, "message.user": 2, "message.assistant": 2, "tool_call": 1,
    "tool_result": 1, "llm_call.completed": 1,
  ]

  private func pipeline(_ fleet: Fleet) throws -> Pipeline {
    Pipeline(
      writer: try Pipeline.create(database: fleet.database), cap: .sha256(),
      search: try SearchThread(database: fleet.database), clock: Clock.now)
  }

  private func read(_ path: FilePath, _ pipeline: Pipeline) throws {
    pipeline.take(change(path))
    while try pipeline.step() {}
  }

  @Test("A document that grows, torn at times and read by one process after another, is told once")
  func growingDocument() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("chats")
      let name = "chats/session-1.json"
      for count in 1...Gemini.messages.count {
        let document = Gemini.document(Array(Gemini.messages.prefix(count)))
        let pipeline = try pipeline(fleet)
        try read(try fleet.folder.write(name, String(document.dropLast(9))), pipeline)
        try read(try fleet.folder.write(name, document), pipeline)
        try read(fleet.folder.path(name), pipeline)
      }
      try fleet.ingest()
      #expect(try types(fleet) == wholeGemini)
      #expect(try fleet.log.sources().map(\.state) == [.reading])
      #expect(try fleet.log.session("s-gemini")?.session.turns == 1)
    }
  }

  @Test("A torn document says so among the sources as long as it stays torn")
  func tornDocument() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("chats")
      let pipeline = try pipeline(fleet)
      let whole = Gemini.document(Gemini.messages)
      let path = try fleet.folder.write("chats/session-1.json", whole)
      try read(path, pipeline)
      let before = try fleet.events().count
      try read(try fleet.folder.write("chats/session-1.json", String(whole.prefix(100))), pipeline)
      let torn = try #require(fleet.log.sources().first)
      #expect(torn.lastError?.contains("not a whole JSON document") ?? false)
      #expect(torn.format == "gemini")
      try read(try fleet.folder.write("chats/session-1.json", whole), pipeline)
      let mended = try #require(fleet.log.sources().first)
      #expect(mended.lastError == nil)
      #expect(mended.offset == Int64(whole.utf8.count))
      #expect(mended.state == .reading)
      #expect(mended.id == torn.id)
      #expect(try fleet.events().count == before)
    }
  }

  @Test("A session that was resumed from a document into a log is one", arguments: [true, false])
  func documentAndLog(oldestFirst: Bool) throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("chats")
      try fleet.folder.write(
        "chats/session-1.json", Gemini.document(Array(Gemini.messages.prefix(3))))
      try fleet.folder.write("chats/session-1.jsonl", Gemini.log)
      try fleet.folder.makeFolder("copy/chats")
      try fleet.folder.copy("chats/session-1.json", to: "copy/chats/session-9.json")
      try fleet.ingest(oldestFirst: oldestFirst)
      #expect(try types(fleet) == wholeGemini)
      #expect(try fleet.log.sessions(SessionQuery())?.sessions.map(\.id) == ["s-gemini"])
    }
  }

  @Test("A receipt is what was read, also when the document has been written anew")
  func receipt() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("chats")
      try fleet.folder.write("chats/session-1.json", Gemini.document(Gemini.messages))
      try fleet.ingest()
      let prompt = try #require(
        fleet.events(.messageUser).first { $0.summary == "Round the sums." })
      try fleet.folder.write(
        "chats/session-1.json",
        Gemini.document([Gemini.messages[0].replacing("Round", with: "Forget")]))
      try fleet.ingest()
      let receipt = try #require(fleet.log.event(prompt.id)?.receipt)
      #expect(String(decoding: receipt.bytes, as: UTF8.self) == Gemini.messages[0])
      #expect(receipt.fileStillAgrees == nil)
      let other = try #require(
        fleet.events(.messageUser).first { $0.summary == "Forget the sums." })
      let bytes = try #require(fleet.log.event(other.id)?.receipt?.bytes)
      #expect(String(decoding: bytes, as: UTF8.self).contains("Forget"))
    }
  }

  @Test("A newer parser reads again what was kept of a document")
  func reindexed() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("chats")
      for count in 1...Gemini.messages.count {
        try fleet.folder.write(
          "chats/session-1.json", Gemini.document(Array(Gemini.messages.prefix(count))))
        try fleet.ingest()
      }
      let before = try fleet.content()
      let writer = try Pipeline.create(database: fleet.database)
      let reindexer = Reindexer(writer: writer, cap: .sha256(), clock: Clock.now)
      for file in try reindexer.files(.all) {
        guard case .read(let appended) = try reindexer.read(file) else {
          Issue.record("the document was passed over")
          continue
        }
        #expect(appended.superseded == 0)
        #expect(appended.inserted == 0)
        #expect(appended.existing > 0)
      }
      #expect(try fleet.content() == before)
    }
  }

  // MARK: Codex

  private static func rollout() throws -> [UInt8] { try Fixtures.bytes("codex/turn.jsonl") }

  @Test(
    "A compressed rollout and its plain copy tell the same, in either order",
    arguments: [
      ["a.jsonl.zst", "b.jsonl"], ["a.jsonl", "b.jsonl.zst"], ["a.jsonl", "a.jsonl.zst"],
    ])
  func compressed(_ names: [String]) throws {
    try Fleet.with { plain in
      try plain.folder.write("a.jsonl", try Self.rollout())
      try plain.ingest()
      try Fleet.with { fleet in
        for name in names {
          let bytes = try Self.rollout()
          try fleet.folder.write(name, name.hasSuffix(".zst") ? ZstdArchive.of(bytes) : bytes)
          try fleet.ingest()
        }
        #expect(try fleet.content() == plain.content())
        let event = try #require(fleet.events(.toolCall).first)
        let twin = try #require(plain.events(.toolCall).first)
        #expect(event.span == twin.span)
        let receipt = try #require(fleet.log.event(event.id)?.receipt)
        #expect(receipt.bytes == (try plain.log.event(twin.id)?.receipt?.bytes))
      }
    }
  }

  @Test("A plain file wins over the archive beside it, which says so")
  func sibling() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", try Self.rollout())
      try fleet.folder.write("a.jsonl.zst", ZstdArchive.of(try Self.rollout()))
      try fleet.ingest()
      let sources = try fleet.log.sources()
      let archive = try #require(sources.first { $0.path.hasSuffix(".zst") })
      #expect(archive.offset == 0)
      #expect(archive.lastError?.contains("plain file") ?? false)
    }
  }

  // MARK: OpenCode

  private static let start: Int64 = 1_780_000_000_000

  /// A session's records by their place in OpenCode's storage.
  private static let stored = [
    (
      "session/p1/ses_1.json",
      #"{"id":"ses_1","projectID":"p1","directory":"/home/dev/ledger","title":"Rounding","#
        + #""version":"1.2.0","time":{"created":1780000000000,"updated":1780000000000}}"#
    ),
    (
      "message/ses_1/msg_1.json",
      #"{"id":"msg_1","sessionID":"ses_1","role":"user","time":{"created":1780000001000}}"#
    ),
    (
      "part/msg_1/prt_1.json",
      #"{"id":"prt_1","sessionID":"ses_1","messageID":"msg_1","type":"text","text":"Round."}"#
    ),
    (
      "message/ses_1/msg_2.json",
      #"{"id":"msg_2","sessionID":"ses_1","role":"assistant","modelID":"m","finish":"stop","#
        + #""time":{"created":1780000002000,"completed":1780000005000}}"#
    ),
    (
      "part/msg_2/prt_2.json",
      #"{"id":"prt_2","sessionID":"ses_1","messageID":"msg_2","type":"tool","callID":"c","#
        + #""tool":"bash","state":{"status":"completed","input":{"command":"npm test"},"#
        + #""output":"no","metadata":{"exit":1},"time":{"start":1780000003000,"end":1780000004000}}}"#
    ),
    (
      "part/msg_2/prt_3.json",
      #"{"id":"prt_3","sessionID":"ses_1","messageID":"msg_2","type":"text","text":"It fails.","#
        + #""time":{"start":1780000004100,"end":1780000004200}}"#
    ),
    (
      "part/msg_2/prt_4.json",
      #"{"id":"prt_4","sessionID":"ses_1","messageID":"msg_2","type":"step-finish","#
        + #""tokens":{"input":5,"output":6,"reasoning":0,"cache":{"read":7,"write":8}},"cost":0.1}"#
    ),
  ]

  private let wholeOpenCode = [
    "process.started": 1, "context.set": 1, "message.user": 1, "tool_call": 1, "tool_result": 1,
    "message.assistant": 1, "llm_call.completed": 1, "turn.completed": 1,
  ]

  private func store(_ fleet: Fleet, _ name: String, _ text: String) throws {
    let path = "storage/" + name
    try fleet.folder.makeFolder(
      String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
    try fleet.folder.write(path, text)
  }

  private func fill(_ database: OpenCodeDatabase) throws {
    try database.session("ses_1", title: "Rounding", at: Self.start)
    for (name, text) in Self.stored.dropFirst() {
      let parts = name.split(separator: "/").map(String.init)
      let id = String(parts[2].dropLast(5))
      let data = text.replacing(#""id":"\#(id)","#, with: "")
        .replacing(#""sessionID":"ses_1","#, with: "")
        .replacing(#""messageID":"\#(parts[1])","#, with: "")
      if parts[0] == "message" {
        try database.message(id, of: "ses_1", at: Self.start, data)
      } else {
        try database.part(id, of: parts[1], in: "ses_1", at: Self.start, data)
      }
    }
  }

  @Test("OpenCode's files tell the same in whatever order they are read", arguments: [1, 2, 3])
  func storage(seed: UInt64) throws {
    var orders: [[String]] = []
    for order in [Self.stored, Self.stored.reversed()] {
      try Fleet.with { fleet in
        for (name, text) in order { try store(fleet, name, text) }
        let pipeline = try pipeline(fleet)
        var generator = SeededGenerator(seed: seed)
        for (name, _) in order.shuffled(using: &generator) {
          try read(fleet.folder.path("storage/" + name), pipeline)
        }
        try pipeline.settle(quietSince: .max)
        #expect(try types(fleet) == wholeOpenCode)
        let session = try #require(fleet.log.session("ses_1")?.session)
        #expect(session.project == "/home/dev/ledger")
        #expect(session.agent == "opencode")
        #expect(session.title == "Rounding")
        orders.append(try fleet.content())
      }
    }
    #expect(orders.first == orders.last)
  }

  @Test("A part of OpenCode's that is read while its message is not whole is told once it is")
  func lateMessage() throws {
    try Fleet.with { fleet in
      let late = Self.stored[1]
      for (name, text) in Self.stored where name != late.0 { try store(fleet, name, text) }
      try store(fleet, late.0, String(late.1.dropLast(9)))
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      _ = try server.wait(for: "no message that it would be a part of", at: "/sources.json")
      try store(fleet, late.0, late.1)
      _ = try server.wait(for: "Round.", at: "/events.json?type=message.user")
      #expect(server.stop() == 0)
      #expect(try types(fleet)["message.user"] == 1)
    }
  }

  @Test("What a file belongs to is waited for while it may still be written, and no longer")
  func patience() {
    let error = ReadError(operation: "read", path: FilePath("/x"), cause: .alone("no message"))
    let stamp = FileStamp(
      identity: FileIdentity(device: 1, inode: 1), size: 1, modifiedAt: 1_000_000)
    let portion = FilePortion(
      path: FilePath("/x"), base: nil, content: .failed(error), stamp: stamp)
    #expect(portion.isUnreadable(now: 1_059_000))
    #expect(!portion.isUnreadable(now: 1_061_000))
  }

  @Test("OpenCode's files and its database, where the same session stands, tell it once")
  func filesAndDatabase() throws {
    try Fleet.with { fleet in
      for (name, text) in Self.stored { try store(fleet, name, text) }
      try fleet.ingest()
      let before = try fleet.content()
      let database = try OpenCodeDatabase(fleet.folder.path("opencode.db"))
      try fill(database)
      let progress = try fleet.ingest()
      #expect(try fleet.content() == before)
      #expect(progress.appended.inserted == 0)
      #expect(progress.appended.existing >= 8)
      try Fleet.with { alone in
        let copy = try OpenCodeDatabase(alone.folder.path("opencode.db"))
        try fill(copy)
        copy.close()
        try alone.ingest()
        #expect(try alone.content() == before)
      }
    }
  }

  @Test("A database is followed live: a call that runs, its end, and the end of its turn")
  func liveDatabase() throws {
    try Fleet.with { fleet in
      let path = fleet.folder.path("opencode.db")
      let database = try OpenCodeDatabase(path)
      try database.session("ses_1", at: Self.start)
      try database.message(
        "msg_2", of: "ses_1", at: Self.start,
        #"{"role":"assistant","time":{"created":1780000002000}}"#)
      let part =
        #"{"type":"tool","tool":"bash","callID":"c","state":{"status":"running","#
        + #""input":{"command":"npm test"},"time":{"start":1780000003000}}}"#
      try database.part("prt_1", of: "msg_2", in: "ses_1", at: Self.start, part)
      try read(path, try pipeline(fleet))
      #expect(try fleet.events(.toolCall).map(\.summary) == ["npm test"])
      #expect(try fleet.events(.toolResult).isEmpty)
      try database.part(
        "prt_1", of: "msg_2", in: "ses_1", at: Self.start,
        part.replacing("running", with: "error").replacing(
          #""input""#, with: #""error":"Tool execution aborted","input""#))
      try database.message(
        "msg_2", of: "ses_1", at: Self.start,
        #"{"role":"assistant","time":{"created":1780000002000},"#
          + #""error":{"name":"MessageAbortedError","data":{}}}"#)
      try read(path, try pipeline(fleet))
      #expect(try fleet.events(.toolCall).count == 1)
      #expect(try fleet.events(.toolResult).map(\.summary) == ["Interrupted: npm test"])
      #expect(try fleet.events(.messageSystem).map(\.summary) == ["Interrupted by the operator"])
      let names = try FileManager.default.contentsOfDirectory(atPath: fleet.folder.path.text)
      #expect(names.sorted() == ["opencode.db", "opencode.db-shm", "opencode.db-wal"])
    }
  }
}
