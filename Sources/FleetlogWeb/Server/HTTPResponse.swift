/// What a handler answers with.
///
/// The server adds what every answer carries: `Content-Length`, `Date`, the security headers and
/// `Cache-Control: no-store` where the handler set none of its own, and gzip where it pays.
/// `Content-Length`, `Transfer-Encoding` and `Connection` set here are ignored, and so is a header
/// with an empty value. A header with a control character in it makes the answer a 500: sending it
/// would let its text become headers of its own.
package struct HTTPResponse: Sendable {
  /// Between 200 and 599; anything else is answered as 500.
  package var status: Int
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// The body, where it is made piece by piece while the client takes it; `body` is empty then.
  package var stream: HTTPStream?

  package init(status: Int = 200, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer of the given media type, such as `text/css; charset=utf-8`.
  package static func bytes(
    _ body: [UInt8], contentType: String, status: Int = 200
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": contentType], body: body)
  }

  /// An answer whose body is made while the client takes it.
  package init(streaming stream: HTTPStream, headers: HTTPHeaders = [:]) {
    self.init(headers: headers)
    self.headers["Content-Type"] = stream.contentType
    // A proxy that gathers the answer first would hold everything back.
    self.headers["X-Accel-Buffering"] = "no"
    self.stream = stream
  }

  package static func html(_ html: String, status: Int = 200) -> HTTPResponse {
    .html(Array(html.utf8), status: status)
  }

  /// A page from UTF-8 bytes, as a template writes them.
  package static func html(_ utf8: [UInt8], status: Int = 200) -> HTTPResponse {
    .bytes(utf8, contentType: "text/html; charset=utf-8", status: status)
  }

  /// A JSON document from its UTF-8 bytes.
  package static func json(_ utf8: [UInt8], status: Int = 200) -> HTTPResponse {
    .bytes(utf8, contentType: "application/json", status: status)
  }

  package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
    .bytes(Array(text.utf8), contentType: "text/plain; charset=utf-8", status: status)
  }

  /// Sends the client elsewhere.
  ///
  /// - Parameters:
  ///   - location: a percent-encoded path or address.
  ///   - status: 303, so that the answer to a POST is fetched with GET, unless said otherwise.
  package static func redirect(to location: String, status: Int = 303) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Location": location])
  }
}

/// How a handler answers: at once, or from a thread that may block.
package enum HTTPReply: Sendable {
  /// Already at hand. Only for what comes from memory: it runs on a thread that serves many
  /// connections.
  case now(HTTPResponse)

  /// Runs on the worker threads, where it may block (on SQLite, on a file), while the connection
  /// sleeps. Workers take jobs in the order they came.
  case queued(@Sendable () -> HTTPResponse)

  /// Begins on the worker threads and is answered when the closure's argument is called, from any
  /// thread and once; the connection sleeps until then, and no worker waits. Whoever takes the
  /// argument sees to it that it is called in the end.
  case later(@Sendable (@escaping @Sendable (HTTPResponse) -> Void) -> Void)

  /// A body without a length, made while the client listens. Beyond
  /// `HTTPServer.Configuration.streamLimit` it is answered 503 instead.
  case stream(HTTPStream)
}
