import Testing

@testable import FleetlogEvents

@Suite("Redaction")
struct RedactionTests {
  private func redact(_ text: String) -> (String, [String: Int]) {
    var redaction = Redaction()
    let clean = redaction.text(text)
    return (clean, redaction.counts)
  }

  @Test("every shape's example is taken out, and named", arguments: SecretShapes.all.indices)
  func examples(index: Int) {
    let shape = SecretShapes.all[index]
    let (clean, counts) = redact("before \(shape.example) after")
    #expect(counts == [shape.kind: 1], "\(shape.example)")
    #expect(clean.contains("[redacted: \(shape.kind), "))
    #expect(clean.hasPrefix("before ") && clean.hasSuffix(" after"))
  }

  @Test("every pattern of the list can be matched in one pass")
  func patterns() {
    for shape in SecretShapes.all {
      if case .pattern(let text, _) = shape.form { #expect(SecretPattern(text) != nil, "\(text)") }
    }
    #expect(SecretPattern("a[a-z]{2,}z") == nil)
    #expect(SecretPattern("[a-z]{2,}[a-f0-9]{3}") == nil)
    #expect(SecretPattern("[a-z") == nil)
  }

  private static let aws = "AKIA" + "IOSFODNN7EXAMPLE"
  private static let github = "ghp_" + String(repeating: "aB3", count: 12)

  @Test(
    "secrets are found wherever they stand",
    arguments: [
      (#"{"key":"\#(aws)"}"#, aws), ("(\(aws))", aws), ("\(aws)\n", aws),
      ("-\(github)", github), ("https://\(github)@github.com/a/b", github),
      ("token=\(github)&x=1", github), ("--header 'PRIVATE-TOKEN: \(github)'", github),
      ("日本\(aws)語", aws), ("GITHUB_TOKEN=\(github)", github),
      ("export DB_PASSWORD=hunter2hunter2", "hunter2hunter2"),
      ("SECRET_KEY='correct-horse-battery'", "correct-horse-battery"),
      ("password: \"tr0ub4dor&3\"", "tr0ub4dor&3"),
      (#"{\"apiKey\": \"0123456789abcdef\"}"#, "0123456789abcdef"),
      ("clientSecret = 'a1b2c3d4e5f6'", "a1b2c3d4e5f6"),
      ("aws_secret_access_key = \"wJalrXUtnFEMI0K7MDENG\"", "wJalrXUtnFEMI0K7MDENG"),
      ("amqp://guest:gu3st-pa55@mq:5672", "gu3st-pa55"),
      ("?access_token=abc123def456ghi", "abc123def456ghi"),
    ])
  func found(text: String, secret: String) {
    let (clean, counts) = redact(text)
    #expect(!clean.contains(secret), "\(clean)")
    #expect(counts.values.reduce(0, +) == 1)
  }

  @Test(
    "what only resembles a secret stays",
    arguments: [
      "max_tokens=4096", "\"input_tokens\": 123456789", "next_page_token=abc123def456ghi",
      "let token = try lexer.next()", "password: string", "PASSWORD=$DB_PASSWORD",
      "API_KEY=<your key>", "API_KEY=your-api-key-123", "token: ${{ secrets.GITHUB_TOKEN }}",
      "const apiKey = process.env.API_KEY", "SECRET=********", "TOKEN=xxxxxxxxxxxx1",
      "if password == stored1password {", "Bearer authentication-with-tokens",
      "https://example.org:8080/a@b", "postgres://user:password@localhost/db",
      "https://user:${TOKEN}@host", "the sk-learn pipeline", "AKIA is how they begin",
      "task-ant-0123456789", "riskAKIA0123456789ABCDEF", "eyJhbGciOiJIUzI1NiJ9",
      "-----BEGIN PRIVATE KEY----- is its first line", "-----BEGIN CERTIFICATE-----\nMIIEpAIBAA",
      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      "key: value1234567890", "tokenizer=word2vec_tokenizer", "secretary: \"Anna1234567\"",
      "PWD=/home/anna/work1", "token_count: 12345678a", "passwordField.text = input12345",
    ])
  func falseAlarms(text: String) {
    #expect(redact(text).0 == text)
  }

  @Test("a key block goes whole, with its breaks spelt out, encrypted or cut off")
  func keyBlocks() {
    let body = String(repeating: "MIIEpAIBAAKCAQEA0123", count: 6)
    for text in [
      "-----BEGIN PRIVATE KEY-----\n\(body)\n\(body)\n-----END PRIVATE KEY-----",
      #"-----BEGIN RSA PRIVATE KEY-----\n\#(body)\n-----END RSA PRIVATE KEY-----"#,
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n"
        + "\(body)\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN OPENSSH PRIVATE KEY-----\n\(body)",
    ] {
      #expect(redact("a \(text)").0 == "a [redacted: private key, \(text.utf8.count) bytes]")
    }
  }

  @Test("a secret that was cut off in the middle is taken out as well")
  func cut() {
    #expect(redact("run with ghp_aB3aB3aB3…").0 == "run with [redacted: GitHub token, 13 bytes]…")
    #expect(redact("DB_PASSWORD=hunter…").0.contains("hunter") == false)
  }

  @Test("JSON is read as it is meant: escapes hide nothing, and a key tells what its value is")
  func json() throws {
    var redaction = Redaction()
    let json =
      #"{"text":"a\n\u0041KIAIOSFODNN7EXAMPLE","url":"https:\/\/u:s3cr3tpw@h","password":"a1b2c3d4","#
      + #""n":[1,true,null,"plain"],"token":"short"}"#
    let clean = redaction.json(json)
    #expect(
      clean
        == #"{"text":"a\n[redacted: AWS key id, 20 bytes]","url":"https://u:[redacted: password in an "#
        + #"address, 8 bytes]@h","password":"[redacted: secret by its name, 8 bytes]","n":[1,true,null,"plain"],"#
        + #""token":"short"}"#)
    #expect(redaction.counts.values.reduce(0, +) == 3)
    let plain = #"{"a": "x\/y", "b":1.50}"#
    #expect(redaction.json(plain) == plain)
  }

  @Test("in JSON as it is written they are found behind escapes, and it stays JSON")
  func written() throws {
    func masked(_ json: String) -> String {
      Array(json.utf8).withUnsafeBufferPointer {
        Redaction.masked($0).map { String(decoding: $0, as: UTF8.self) } ?? json
      }
    }
    for json in [
      #"{"text":"a\n\#(Self.github)\tb"}"#, #"{"text":"a\nDEPLOY_TOKEN=0123456789abcdefx\nb"}"#,
      #"{"u":"https:\/\/u:s3cr3tpw@h"}"#, #"{"k":"\u0041KIAIOSFODNN7EXAMPLE"}"#,
      #"["x","Bearer abcdefgh0123456789"]"#,
    ] {
      let clean = masked(json)
      #expect(clean.contains("[redacted: "), "\(json)")
      #expect((try? JSONDocument(clean)) != nil, "\(clean)")
    }
    let plain = #"{"a": "x\/y", "b":1.50}"#
    #expect(masked(plain) == plain)
  }

  @Test("what resembles a secret of a certain length in a longer word is none")
  func longerWords() {
    let word = String(repeating: "aB3dE5", count: 12)
    #expect(redact("x-r8_\(word)").0 == "x-r8_\(word)")
  }

  @Test("the list of what was taken out names kinds and counts, and no secret")
  func list() {
    var redaction = Redaction()
    _ = redaction.text("\(Self.aws) \(Self.aws) \(Self.github)")
    #expect(redaction.list.map(\.kind) == ["AWS key id", "GitHub token"])
    #expect(redaction.list.map(\.count) == [2, 1])
    var off = Redaction.none
    #expect(off.text(Self.aws) == Self.aws)
    #expect(off.list.isEmpty)
  }

  @Test(
    "however hostile a text, it is looked at a bounded number of times",
    arguments: [
      "eyJ", "eyJaaaaaaaaaa.", "eyJaaaaaaaaaaa-", "sk-", "sk-ant-", "token=", "token=a", "TOKEN=",
      "a://", "a://b:", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "Bearer ", "Bearer a",
      "password:\"", "password='a", "AKIA", "=", ":", "\\", "hooks.slack.com/services/", "xoxb-",
      "secret:'", "eyJaaaaaaaaaa.eyJaaaaaaaaaa-", "key-", "SG.", "gh", "TOKEN=$",
      "Basic aaaaaaaaaaaa",
    ])
  func linear(unit: String) {
    for prefix in ["", "eyJaaaaaaaaaa.eyJaaaaaaaaaa.", "password=", "Bearer "] {
      let text = prefix + String(repeating: unit, count: 60_000 / unit.utf8.count)
      var copy = text
      var seen = 0
      copy.withUTF8 { _ = SecretScanner.standard.findings(in: $0, seen: &seen) }
      #expect(seen <= 80 * text.utf8.count, "\(seen) for \(text.utf8.count) bytes")
    }
  }
}
