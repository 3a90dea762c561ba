import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@Suite("Listing transcripts")
struct FileListerTests {
  private func names(_ listing: FileLister.Listing, in folder: TemporaryFolder) -> [String] {
    listing.files.map { String($0.path.text.dropFirst(folder.path.text.count + 1)) }.sorted()
  }

  @Test("Transcripts are found at any depth, with size and time; other files are counted")
  func depth() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x/y/z.jsonl")
      try folder.write("a.jsonl", "12345")
      try folder.write("x/y/z.jsonl/b.jsonl", "")
      try folder.write("x/notes.md", "")
      let listing = FileLister().list([folder.path])
      #expect(names(listing, in: folder) == ["a.jsonl", "x/y/z.jsonl/b.jsonl"])
      let found = try #require(listing.files.first { $0.path == folder.path("a.jsonl") }?.stamp)
      #expect(found.size == 5)
      let attributes = try FileManager.default.attributesOfItem(
        atPath: folder.path("a.jsonl").text)
      let modified = try #require(attributes[.modificationDate] as? Date)
      #expect(abs(modified.timeIntervalSince1970 * 1000 - Double(found.modifiedAt)) < 2)
      #expect(listing.folders == 4)
      #expect(listing.otherFiles == 1)
    }
  }

  @Test("Roots that overlap give every file once")
  func overlap() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x")
      try folder.write("x/a.jsonl", "")
      try folder.makeLink("link", to: "x")
      let roots = ["x", ".", "link", "x/a.jsonl"].map { folder.path($0) }
      #expect(names(FileLister().list(roots), in: folder) == ["x/a.jsonl"])
    }
  }

  @Test("A root may be a file, whatever its name")
  func fileAsRoot() throws {
    try TemporaryFolder.with { folder in
      let path = try folder.write("export.txt", "")
      #expect(FileLister().list([path]).files.map(\.path) == [path])
    }
  }

  @Test("Links are not followed, into circles or out of the folder, and are reported")
  func links() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("in/deep")
      try folder.makeFolder("out")
      try folder.write("out/secret.jsonl", "")
      try folder.makeLink("in/deep/circle", to: "../..")
      try folder.makeLink("in/out", to: "../out")
      try folder.makeLink("in/file.jsonl", to: "../out/secret.jsonl")
      let listing = FileLister().list([folder.path("in")])
      #expect(listing.files.isEmpty)
      #expect(listing.passedOver.map(\.reason) == [.symlink, .symlink, .symlink])
    }
  }

  @Test("FIFOs are reported and never opened")
  func special() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFIFO("a.jsonl")
      let listing = FileLister().list([folder.path])
      #expect(listing.files.isEmpty)
      #expect(listing.passedOver.map(\.path) == [folder.path("a.jsonl")])
      #expect(listing.passedOver.first?.detail == "a FIFO; only regular files are read")
    }
  }

  @Test("A root that is missing is reported with the reason")
  func missing() throws {
    try TemporaryFolder.with { folder in
      let listing = FileLister().list([folder.path("none")])
      #expect(listing.passedOver.map(\.path) == [folder.path("none")])
      #expect(listing.passedOver.first?.detail.hasPrefix("there is nothing") == true)
    }
  }

  @Test(
    "A folder that may not be read is reported and the others are listed",
    .enabled(if: geteuid() != 0))
  func unreadable() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("closed")
      try folder.write("a.jsonl", "")
      try folder.setMode("closed", 0)
      let listing = FileLister().list([folder.path])
      #expect(names(listing, in: folder) == ["a.jsonl"])
      #expect(listing.passedOver.map(\.path) == [folder.path("closed")])
      #expect(listing.passedOver.first?.detail.hasPrefix("permission denied") == true)
    }
  }

  @Test("A folder too deep for a path is reported, not lost in silence")
  func tooDeep() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "")
      let step = String(repeating: "d", count: 250)
      let script = "for i in $(seq 20); do mkdir \"$0\" && cd -P \"$0\" || exit 1; done"
      let shell = ChildProcess()
      shell.executableURL = URL(fileURLWithPath: "/bin/bash")
      shell.currentDirectoryURL = URL(fileURLWithPath: folder.path.text)
      shell.arguments = ["-c", script, step]
      try shell.run()
      shell.waitUntilExit()
      let listing = FileLister().list([folder.path])
      #expect(names(listing, in: folder) == ["a.jsonl"])
      #expect(listing.passedOver.count == 1)
      #expect(listing.passedOver.first?.detail.hasPrefix("File name too long") == true)
    }
  }

  @Test("The newest file comes first, files of the same time by their paths")
  func newestFirst() throws {
    try TemporaryFolder.with { folder in
      for (name, time) in [("b", 10.0), ("new", 20.0), ("a", 10.0)] {
        try folder.write("\(name).jsonl", "")
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: time)],
          ofItemAtPath: folder.path("\(name).jsonl").text)
      }
      #expect(
        FileLister().list([folder.path]).newestFirst.map(\.path)
          == ["new.jsonl", "a.jsonl", "b.jsonl"].map { folder.path($0) })
    }
  }

  @Test("A name that is not text is listed by its bytes")
  func nameInBytes() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path.appending([0xFF] + Array(".jsonl".utf8))
      try folder.write(at: path, "")
      #expect(FileLister().list([folder.path]).files.map(\.path) == [path])
    }
  }

  @Test(
    "Transcripts are known by their names, rotated ones too",
    arguments: [
      ("a.jsonl", true), ("a.jsonl.1", true), ("a.jsonl.123", true), ("a.json", false),
      (".jsonl", false), ("jsonl", false), ("a.jsonl.1234", false), ("a.jsonl.gz", false),
      ("a.jsonl.", false), ("a.jsonl~", false), ("a.1", false),
    ])
  func candidates(_ name: String, _ isCandidate: Bool) {
    #expect(TranscriptName.isCandidate(Array(name.utf8), in: FilePath("/a")) == isCandidate)
  }

  @Test(
    "Text is a log where its name or its folder says so, and never among others' own files",
    arguments: [
      ("/w/worker.log", true), ("/w/worker.log.3", true), ("/w/.log", false),
      ("/w/README.md", false), ("/w/requirements.txt", false), ("/w/worker-7.md", true),
      ("/w/session_2.txt", true), ("/w/catalogue.txt", false), ("/w/logs/monday.md", true),
      ("/w/worker-logs/a.txt", true), ("/h/.claude/projects/x/session.md", false),
      ("/h/.codex/log/tui.log", false), ("/w/node_modules/a/b.log", false),
      ("/h/.local/share/fleetlog/inbox/notes.txt", true), ("/w/a.log.gz", false),
    ])
  func textLogs(_ path: String, _ isCandidate: Bool) throws {
    let path = FilePath(path)
    let folder = try #require(path.parent)
    #expect(TranscriptName.isCandidate(Array(path.name), in: folder) == isCandidate)
  }

  @Test(
    "Of what is no lines, only what an agent keeps its sessions in counts",
    arguments: [
      ("/tmp/ledger/chats/session-2026-01-01T10-00-1a2b3c4d.json", true),
      ("/tmp/ledger/chats/logs.json", false), ("/tmp/ledger/session-1.json", false),
      ("/opencode/storage/session/p1/ses_1.json", true),
      ("/opencode/storage/message/ses_1/msg_1.json", true),
      ("/opencode/storage/part/msg_1/prt_1.json", true),
      ("/opencode/storage/session_diff/ses_1.json", false), ("/part/msg_1/prt_1.json", false),
      ("/opencode/opencode.db", true), ("/opencode/opencode-beta.db", true),
      ("/opencode/opencode.db-wal", false), ("/opencode/other.db", false),
      ("/sessions/rollout-1.jsonl.zst", true), ("/sessions/rollout-1.zst", false),
    ])
  func unrolled(_ path: String, _ isCandidate: Bool) throws {
    let path = FilePath(path)
    let folder = try #require(path.parent)
    #expect(TranscriptName.isCandidate(Array(path.name), in: folder) == isCandidate)
  }

  @Test("OpenCode's snapshots of the operator's work are not walked through")
  func snapshots() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("opencode/snapshot/p1/objects/ab")
      try folder.makeFolder("opencode/storage/session/p1")
      try folder.write("opencode/snapshot/p1/a.jsonl", "")
      try folder.write("opencode/storage/session/p1/ses_1.json", "{}")
      let listing = FileLister().list([folder.path])
      #expect(
        listing.files.map(\.path.name).map { String(decoding: $0, as: UTF8.self) } == ["ses_1.json"]
      )
      #expect(listing.folders == 5)
    }
  }
}
