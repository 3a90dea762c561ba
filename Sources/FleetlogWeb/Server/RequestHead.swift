/// A request's first line and headers as they arrived, before anything is believed.
struct RequestHead: Sendable {
  let method: HTTPMethod

  /// What stands between the method and the version, byte for byte.
  let target: [UInt8]

  /// `HTTP/1.1` or `HTTP/1.0`.
  let version: String

  /// Values keep their trailing blanks here, as the HTTP library judges framing by them.
  let fields: [HTTPHeaders.Field]

  /// Whether the first line and the headers account for every byte of the head.
  ///
  /// The library skips bytes silently: it joins folded lines to the header's *name*, ends a value
  /// at a NUL, takes a line that begins with NUL for the end of the head, and reads a bare LF as a
  /// line's end. Wherever a proxy reads the same bytes otherwise, a request can be smuggled.
  let isIntact: Bool

  /// See `HTTPRequest.peer`.
  let peer: String

  func values(of name: String) -> [String] {
    fields.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
  }

  var headers: HTTPHeaders {
    var headers = HTTPHeaders()
    for field in fields {
      headers.append(field.name, field.value.trimmingOptionalWhitespace)
    }
    return headers
  }

  /// Bytes of body that the client announces; `nil` when it sends chunks or no body.
  var contentLength: UInt64? {
    values(of: "Content-Length").first.flatMap { UInt64($0) }
  }

  var hasBody: Bool {
    !values(of: "Transfer-Encoding").isEmpty || contentLength ?? 0 > 0
  }

  /// Whether the client holds the body back until it is told to go on.
  var awaitsContinue: Bool {
    values(of: "Expect").contains {
      $0.trimmingOptionalWhitespace.equalsIgnoringCase("100-continue")
    }
  }
}
