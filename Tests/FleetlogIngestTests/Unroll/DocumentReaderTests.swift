import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Unrolling a document that is rewritten in place")
struct DocumentReaderTests {
  private let file = "session-1.json"

  private func document(
    _ messages: [String], session: String = "s1", updated: String = "1"
  ) -> String {
    """
    {
      "sessionId": "\(session)",
      "lastUpdated": "\(updated)",
      "messages": [
        \(messages.joined(separator: ",\n    "))
      ]
    }
    """
  }

  @Test("A further version adds what is new or has changed, behind what came before")
  func rewritten() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower()
      let path = try folder.write(file, document([#"{"id": "a", "text": "one"}"#]))
      #expect(
        try follower.news(path) == [#"{"sessionId":"s1"}"#, #"{"id":"a","text":"one"}"#])
      try folder.write(
        file, document([#"{"id": "a", "text": "one"}"#, #"{"id": "b"}"#], updated: "2"))
      #expect(try follower.news(path) == [#"{"id":"b"}"#])
      follower.restart()
      try folder.write(file, document([#"{"id": "a", "text": "two"}"#, #"{"id": "b"}"#]))
      #expect(try follower.news(path) == [#"{"id":"a","text":"two"}"#])
      #expect(try follower.news(path) == [])
      #expect(follower.restarts == [.firstRead])
      let texts = follower.lines.map(\.bytes.count)
      #expect(follower.lines.map(\.offset) == [0, 19, 43, 54])
      #expect(follower.cursor?.offset == Int64(texts.reduce(0) { $0 + $1 + 1 }))
      #expect(follower.lines.map(\.number) == [0, 1, 2, 3])
    }
  }

  @Test("A half-written version is not yet written: the cursor holds until it is whole")
  func torn() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower()
      let path = try folder.write(file, document([#"{"id": "a"}"#]))
      _ = try follower.news(path)
      let whole = Array(document([#"{"id": "a"}"#, #"{"id": "b", "text": "é😀"}"#]).utf8)
      for cut in 0..<whole.count {
        try folder.write(file, whole[..<cut])
        #expect(throws: ReadError.self) { try follower.takeTurn(path) }
      }
      try folder.write(file, whole)
      #expect(try follower.news(path) == [#"{"id":"b","text":"é😀"}"#])
      #expect(follower.restarts == [.firstRead])
    }
  }

  @Test("What is wrong with it says where, and that it is read again when it changes")
  func reason() throws {
    try TemporaryFolder.with { folder in
      let path = try folder.write(file, #"{"sessionId": "s1", "#)
      var reader = SourceReader()
      let error = #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      #expect(error?.detail.hasPrefix("not a whole JSON document: ") ?? false)
      #expect(error?.detail.hasSuffix("; it is read again when it changes") ?? false)
    }
  }

  @Test("Another session that has taken the path begins anew")
  func replaced() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower()
      let path = try folder.write(file, document([#"{"id": "a"}"#]))
      _ = try follower.news(path)
      try folder.write(file, document([#"{"id": "a"}"#], session: "s2"))
      #expect(try follower.news(path) == [#"{"sessionId":"s2"}"#, #"{"id":"a"}"#])
      try folder.write("next.json", document([#"{"id": "a"}"#], session: "s3"))
      try folder.move("next.json", to: file)
      _ = try follower.news(path)
      #expect(follower.restarts == [.firstRead, .rewritten, .replaced])
      #expect(follower.lines.suffix(2).map(\.offset) == [0, 19])
    }
  }

  @Test("A version put in place by a rename goes on")
  func renamed() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower()
      let path = try folder.write(file, document([#"{"id": "a"}"#]))
      _ = try follower.news(path)
      try folder.write("next.json", document([#"{"id": "a"}"#, #"{"id": "b"}"#]))
      try folder.move("next.json", to: file)
      #expect(try follower.news(path) == [#"{"id":"b"}"#])
    }
  }

  @Test("A document may have duplicate keys, elements of any kind, and no messages at all")
  func odd() throws {
    try TemporaryFolder.with { folder in
      for (text, lines) in [
        (#"{"a":1,"a":2,"messages":[1,"x",null]}"#, [#"{"a":1}"#, "1", #""x""#, "null"]),
        ("[1, 2]", ["[1,2]"]), ("7", ["7"]), (#"{"messages": {}}"#, [#"{"messages":{}}"#]),
        ("", []), (" \n", []),
      ] {
        var follower = UnrollFollower()
        let path = try folder.write(file, text)
        #expect(try follower.news(path) == lines)
        #expect(try follower.news(path) == [])
        #expect(follower.restarts == [.firstRead])
      }
    }
  }

  @Test("Every record is a line: none holds a newline")
  func newlines() throws {
    try TemporaryFolder.with { folder in
      var follower = UnrollFollower()
      let path = try folder.write(file, "{\n\"a\" :\t\"x\ny\\n\"\r\n}")
      _ = try follower.news(path)
      #expect(follower.lines.count == 1)
      #expect(follower.lines.allSatisfy { !$0.bytes.contains(0x0A) })
    }
  }
}
