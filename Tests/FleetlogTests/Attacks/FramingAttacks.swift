/// Where one request ends and the next begins: what two readers of the same bytes could see
/// differently is refused, and the connection with it.
extension AttackGroup {
  private static func post(
    _ name: String, _ headers: String..., is outcome: Attack.Outcome = .closes(400)
  ) -> Attack {
    Attack(
      name,
      Attack.request("POST /api/events", ["Content-Type: application/json"] + headers) + "{}",
      outcome)
  }

  static let framing = AttackGroup(
    name: "where a request ends",
    attacks: [
      post("length, then chunks", "Content-Length: 4", "Transfer-Encoding: chunked"),
      post("chunks, then length", "Transfer-Encoding: chunked", "Content-Length: 4"),
      post("two lengths that agree", "Content-Length: 2", "Content-Length: 2"),
      post("two lengths that differ", "Content-Length: 2", "Content-Length: 20"),
      post("two lengths in two spellings", "Content-Length: 2", "content-length: 3"),
      post("a list of lengths", "Content-Length: 2, 2", is: .closesByLibrary(400)),
      post("a length with a blank before the colon", "Content-Length : 2"),
      post("a length with a tab before the colon", "Content-Length\t: 2"),
      post("a folded length", "Content-Length:\r\n 2"),
      post("a length after a folded line", "X: a\r\n\tContent-Length: 2"),
      post("an encoding after a folded line", "X: a\r\n Transfer-Encoding: chunked"),
      post("identity", "Transfer-Encoding: identity"),
      post("gzip and chunks", "Transfer-Encoding: gzip, chunked"),
      post("chunks and identity", "Transfer-Encoding: chunked, identity"),
      post("chunks twice in one line", "Transfer-Encoding: chunked, chunked"),
      post("two encodings", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
      post("chunks with a blank behind", "Transfer-Encoding: chunked "),
      post("chunks with a tab behind", "Transfer-Encoding: chunked\t"),
      post("chunks with a vertical tab", "Transfer-Encoding: \u{B}chunked"),
      post("chunks with a form feed", "Transfer-Encoding:\u{C}chunked"),
      post("chunks in quotes", "Transfer-Encoding: \"chunked\""),
      post("chunks with a parameter", "Transfer-Encoding: chunked;q=1"),
      post("a word that ends in chunked", "Transfer-Encoding: xchunked"),
      post("a word that begins with chunked", "Transfer-Encoding: chunkedx"),
      post("an empty encoding", "Transfer-Encoding:"),
      post("an encoding with a blank before the colon", "Transfer-Encoding : chunked"),
      post("an encoding in fancy letters", "Transfer-Encoding: chunK\u{212A}ed"),
      post("a NUL within an encoding", "Transfer-Encoding: chu\u{0}nked"),
      post("a NUL before a length", "\u{0}Content-Length: 4", "X: 1"),
      post("a header name with a NUL", "X\u{0}Y: 1", is: .closesByLibrary(400)),
      post("a header value with a NUL", "X: a\u{0}b"),
      post("a header name with a blank", "X Y: 1"),
      post("a header name with brackets", "X(Y): 1"),
      post("a header name of UTF-8", "Xé: 1"),
      post("a carriage return within a value", "X: a\rInjected: 1"),
      post("a control character within a value", "X: a\u{1}b"),
      post("a DEL within a value", "X: a\u{7F}b"),
      .head(
        "a bare LF between headers", "GET / HTTP/1.1", "Host: {host}", "X: a\nContent-Length: 4",
        is: .closes(400)),
      .head(
        "an encoding behind a bare LF", "POST /api/events HTTP/1.1", "Host: {host}",
        "X: a\nTransfer-Encoding: chunked", is: .closes(400)),
      Attack(
        "bare LF throughout", "GET / HTTP/1.1\nHost: {host}\n\n", .closes(400)),
      .head(
        "chunks in HTTP/1.0", "POST /api/events HTTP/1.0", "Host: {host}",
        "Transfer-Encoding: chunked", is: .closes(400), body: "0\r\n\r\n"),
      .head(
        "a blank before the first header", "GET / HTTP/1.1", " Host: {host}", is: .closes(400)),
      .head(
        "a negative length", "POST /api/events HTTP/1.1", "Host: {host}", "Content-Length: -1",
        is: .closesByLibrary(400)),
      .head(
        "a signed length", "POST /api/events HTTP/1.1", "Host: {host}", "Content-Length: +2",
        is: .closesByLibrary(400)),
      .head(
        "a hexadecimal length", "POST /api/events HTTP/1.1", "Host: {host}", "Content-Length: 0x2",
        is: .closesByLibrary(400)),
      .head(
        "a length with letters", "POST /api/events HTTP/1.1", "Host: {host}",
        "Content-Length: 2abc", is: .closesByLibrary(400)),
      .head(
        "a length with an exponent", "POST /api/events HTTP/1.1", "Host: {host}",
        "Content-Length: 1e1", is: .closesByLibrary(400)),
      .head(
        "a length beyond 64 bits", "POST /api/events HTTP/1.1", "Host: {host}",
        "Content-Length: 99999999999999999999999", is: .closesByLibrary(413)),
      .head(
        "an empty length", "POST /api/events HTTP/1.1", "Host: {host}", "Content-Length:",
        is: .closesByLibrary(400)),
      .head(
        "a header without a colon", "GET / HTTP/1.1", "Host: {host}", "X", is: .closesByLibrary(400)
      ),
    ])

  private static func chunks(_ name: String, _ body: String, _ outcome: Attack.Outcome) -> Attack {
    Attack(
      name,
      Attack.request(
        "POST /api/events", ["Content-Type: application/json", "Transfer-Encoding: chunked"])
        + body, outcome)
  }

  static let chunks = AttackGroup(
    name: "a body in chunks",
    attacks: [
      chunks(
        "whole, which is taken", "1a\r\n{\"event_type\": \"progress\"}\r\n0\r\n\r\n", .keeps([200])),
      chunks("a size that is no number", "zz\r\n{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks("a negative size", "-2\r\n{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks("a size with 0x", "0x2\r\n{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks(
        "a size beyond 64 bits", "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", .closesByLibrary(413)),
      chunks("an empty size", "\r\n{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks("a size with a blank before it", " 2\r\n{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks("a chunk longer than its size", "2\r\n{}{}\r\n0\r\n\r\n", .closesByLibrary(400)),
      chunks("sizes that end in bare CR", "2\r{}\r0\r\r", .closesByLibrary(400)),
    ])
}
