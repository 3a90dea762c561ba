import FleetlogTestSupport
import Testing

/// Bytes that a hostile or broken client sends, and what must come of them.
struct Attack: Sendable, CustomTestStringConvertible {
  /// What must come of it. Behind every attack an honest request follows on the same connection.
  enum Outcome: Sendable {
    /// Answered by one of ours, after which the connection ends: nothing behind it is read.
    case closes(Int)
    /// The same, in the HTTP library's own words.
    case closesByLibrary(Int)
    /// These answers, and then that of the honest request.
    case keeps([Int])
    /// No answer at all.
    case hangsUp
  }

  let name: String
  /// `{host}` stands for the server's name and port, `{port}` for the port alone.
  let bytes: [UInt8]
  let outcome: Outcome
  /// What must stand in none of the answers.
  var absent: [String] = []
  /// What must stand in the head or body of the first answer.
  var present: [String] = []
  /// Whether the answers have no bodies.
  var isHead = false

  init(
    _ name: String, _ text: String, _ outcome: Outcome, absent: [String] = [],
    present: [String] = [], isHead: Bool = false
  ) {
    self.init(
      name, bytes: Array(text.utf8), outcome, absent: absent, present: present, isHead: isHead)
  }

  init(
    _ name: String, bytes: [UInt8], _ outcome: Outcome, absent: [String] = [],
    present: [String] = [], isHead: Bool = false
  ) {
    self.name = name
    self.bytes = bytes
    self.outcome = outcome
    self.absent = absent
    self.present = present
    self.isHead = isHead
  }

  var testDescription: String { name }

  // MARK: Ways to write one

  /// A GET of `target` with further header lines, answered and no more.
  static func get(
    _ name: String, _ target: String, _ headers: String..., is statuses: Int...,
    absent: [String] = [], present: [String] = []
  ) -> Attack {
    Attack(
      name, request("GET \(target)", headers), .keeps(statuses), absent: absent, present: present)
  }

  /// A POST of events with a body of its length.
  static func post(
    _ name: String, to target: String = "/api/events",
    _ body: String = #"{"event_type": "progress"}"#, _ headers: String..., is statuses: Int...,
    absent: [String] = [], present: [String] = []
  ) -> Attack {
    Attack(
      name, request("POST \(target)", headers + ["Content-Length: \(body.utf8.count)"]) + body,
      .keeps(statuses), absent: absent, present: present)
  }

  /// A head as it stands, behind which the blank line is added.
  static func head(
    _ name: String, _ lines: String..., is outcome: Outcome, body: String = "",
    absent: [String] = []
  ) -> Attack {
    Attack(name, lines.joined(separator: "\r\n") + "\r\n\r\n" + body, outcome, absent: absent)
  }

  static func request(_ line: String, _ headers: [String] = []) -> String {
    (["\(line) HTTP/1.1", "Host: {host}"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
  }
}

/// Attacks of one kind.
struct AttackGroup: Sendable, CustomTestStringConvertible {
  let name: String
  let attacks: [Attack]

  var testDescription: String { name }

  /// Every group for a server that asks for no token.
  static let all = [
    framing, chunks, requestLines, hosts, origins, traversal, injection, limits, pipelines,
  ]
}

/// A server under attack.
struct Target {
  let port: Int
  /// What no answer may hold.
  let secrets: [String]
  /// What no refusal may hold.
  let places: [String]

  /// What the honest request asks for: nobody needs a token for it.
  private static let probe = "GET /assets/favicon.svg HTTP/1.1\r\nHost: {host}\r\n\r\n"

  /// Words of databases, sources and crashes, besides the server's own secrets.
  private static let leaks = [
    "SELECT ", "sqlite", "SQLITE", ".swift", "Sources/", "Fatal error", "/usr/",
    "root:x:", "Package", "no such table", "syntax error",
  ]

  func filled(_ bytes: [UInt8]) -> [UInt8] {
    bytes.replacing(Array("{host}".utf8), with: Array("127.0.0.1:\(port)".utf8))
      .replacing(Array("{port}".utf8), with: Array("\(port)".utf8))
  }

  func text(_ text: String) -> String { String(decoding: filled(Array(text.utf8)), as: UTF8.self) }

  func suffer(_ attack: Attack) {
    do {
      // Made before the server begins to wait for it: a sanitizer takes long over megabytes.
      let (bytes, probe) = (filled(attack.bytes), filled(Array(Self.probe.utf8)))
      let client = try RawClient(port: port)
      // A server that has hung up already does not take the rest.
      try? client.send(bytes)
      try? client.send(probe)
      switch attack.outcome {
      case .hangsUp:
        #expect(client.receiveToEnd().isEmpty, "\(attack.name)")
      case .closes(let status):
        let answer = try client.receive(head: attack.isHead)
        #expect(answer.status == status, "\(attack.name): \(answer.text.prefix(300))")
        #expect(client.receiveToEnd().isEmpty, "\(attack.name): something follows the refusal")
        check([answer], of: attack)
      case .closesByLibrary(let status):
        let answer = try client.receive()
        #expect(answer.status == status, "\(attack.name): \(answer.text.prefix(300))")
        #expect(answer["Content-Security-Policy"] == nil, "\(attack.name): it is ours, say so")
        #expect(answer.body.count < 400, "\(attack.name): more than a fixed text")
        // To a wrong Content-Length it says the head of its answer twice, so that part of the fixed
        // text is left over.
        let rest = String(decoding: client.receiveToEnd(), as: UTF8.self)
        #expect(answer["Connection"] == "close", "\(attack.name)")
        #expect(!rest.contains("HTTP/1.1"), "\(attack.name): an answer follows the refusal")
        checkWords(answer, of: attack)
      case .keeps(let statuses):
        let answers = try statuses.map { _ in try client.receive(head: attack.isHead) }
        #expect(
          answers.map(\.status) == statuses,
          "\(attack.name): \(answers.last?.text.prefix(300) ?? "")")
        check(answers, of: attack)
        let honest = try client.receive()
        #expect(
          honest["Content-Type"] == "image/svg+xml", "\(attack.name): \(honest.text.prefix(300))")
      }
    } catch {
      Issue.record("\(attack.name): \(error)")
    }
  }

  private func check(_ answers: [RawResponse], of attack: Attack) {
    for answer in answers {
      let policy = answer["Content-Security-Policy"] ?? ""
      #expect(policy.contains("default-src 'none'"), "\(attack.name)")
      #expect(policy.contains("frame-ancestors 'none'"), "\(attack.name)")
      #expect(!policy.contains("unsafe"), "\(attack.name)")
      #expect(answer["X-Content-Type-Options"] == "nosniff", "\(attack.name)")
      #expect(answer["Referrer-Policy"] == "same-origin", "\(attack.name)")
      #expect(answer["Cross-Origin-Opener-Policy"] == "same-origin", "\(attack.name)")
      #expect(answer["Cross-Origin-Resource-Policy"] == "same-origin", "\(attack.name)")
      checkWords(answer, of: attack)
    }
    guard let first = answers.first else { return }
    let head = first.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    for text in attack.present {
      #expect(first.text.contains(text) || head.contains(text), "\(attack.name): no “\(text)”")
    }
  }

  private func checkWords(_ answer: RawResponse, of attack: Attack) {
    #expect(answer["Access-Control-Allow-Origin"] == nil, "\(attack.name)")
    #expect(answer["Injected"] == nil, "\(attack.name)")
    #expect(answer["Server"] == nil, "\(attack.name)")
    let words = attack.absent + secrets + (answer.status >= 400 ? Self.leaks + places : [])
    for word in words {
      #expect(
        !answer.text.contains(word), "\(attack.name): “\(word)” in \(answer.text.prefix(600))")
    }
  }

  /// Whether the server still does its work.
  func answers() throws -> Bool {
    let client = try RawClient(port: port)
    try client.send(filled(Array(Self.probe.utf8)))
    return try client.receive().status == 200
  }
}
