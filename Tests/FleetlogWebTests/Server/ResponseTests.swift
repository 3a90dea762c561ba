import FleetlogTestSupport
import FleetlogWeb
import Testing

@Suite("What every answer carries")
struct ResponseTests {
  private static let policy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'
    """

  private static let page = String(repeating: "<p>a line of a page</p>\n", count: 200)

  @Test(
    "Pages and refusals alike carry the security headers", arguments: ["/", "/?q=%ff", "/queued"])
  func securityHeaders(target: String) throws {
    let server = try HTTPServer.started { request in
      request.path == "/queued" ? .queued { .html("<p>hi</p>") } : .now(.html("<p>hi</p>"))
    }
    defer { server.stop() }
    let response = try server.get(target)
    #expect(response["Content-Security-Policy"] == Self.policy)
    #expect(response["X-Content-Type-Options"] == "nosniff")
    #expect(response["Referrer-Policy"] == "same-origin")
    #expect(response["Cross-Origin-Opener-Policy"] == "same-origin")
    #expect(response["Cross-Origin-Resource-Policy"] == "same-origin")
    #expect(response["Cache-Control"] == "no-store")
  }

  @Test("A handler's own policy and cache rule replace the usual ones")
  func ownHeaders() throws {
    let server = try HTTPServer.started { _ in
      .now(
        HTTPResponse(headers: [
          "content-security-policy": "sandbox", "Cache-Control": "max-age=60",
        ]))
    }
    defer { server.stop() }
    let response = try server.get("/")
    #expect(response["Content-Security-Policy"] == "sandbox")
    #expect(response["Cache-Control"] == "max-age=60")
    #expect(response.headers.count { $0.name.lowercased() == "cache-control" } == 1)
  }

  @Test("A header repeated by the handler is sent as often")
  func repeatedHeaders() throws {
    let server = try HTTPServer.started { _ in
      var response = HTTPResponse.text("hi")
      response.headers.append("Set-Cookie", "a=1")
      response.headers.append("Set-Cookie", "b=2")
      return .now(response)
    }
    defer { server.stop() }
    let response = try server.get("/")
    #expect(response.headers.filter { $0.name == "Set-Cookie" }.map(\.value) == ["a=1", "b=2"])
  }

  @Test(
    "An answer with a line break in a header is replaced by a 500",
    arguments: ["/x\r\nSet-Cookie: stolen=1", "/x\nSet-Cookie: stolen=1", "/x\u{0}y"])
  func headerInjection(location: String) throws {
    for isQueued in [false, true] {
      let server = try HTTPServer.started { _ in
        isQueued ? .queued { .redirect(to: location) } : .now(.redirect(to: location))
      }
      defer { server.stop() }
      let response = try server.get("/")
      #expect(response.status == 500)
      #expect(response["Set-Cookie"] == nil)
      #expect(response["Location"] == nil)
    }
  }

  @Test(
    "An answer with a status that cannot be sent is replaced by a 500", arguments: [0, 102, 999])
  func badStatus(status: Int) throws {
    let server = try HTTPServer.started { _ in .now(HTTPResponse(status: status)) }
    defer { server.stop() }
    #expect(try server.get("/").status == 500)
  }

  @Test("A redirect sends the client elsewhere with GET")
  func redirect() throws {
    let server = try HTTPServer.started { _ in .now(.redirect(to: "/elsewhere")) }
    defer { server.stop() }
    let response = try server.get("/")
    #expect(response.status == 303)
    #expect(response["Location"] == "/elsewhere")
  }

  @Test("A page goes compressed to clients that take gzip and plain to the others")
  func compression() throws {
    let server = try HTTPServer.started { _ in .now(.html(Self.page)) }
    defer { server.stop() }
    for accepted in ["gzip", "deflate, GZIP;q=0.5", "*"] {
      let response = try server.get("/", "Accept-Encoding: \(accepted)")
      #expect(response["Content-Encoding"] == "gzip")
      #expect(response["Vary"] == "Accept-Encoding")
      #expect(response.body.starts(with: [0x1F, 0x8B]))
      #expect(response.body.count < Self.page.utf8.count / 4)
    }
    for refused in ["Accept-Encoding: gzip;q=0, *", "Accept-Encoding: br", "X-None: 1"] {
      let response = try server.get("/", refused)
      #expect(response["Content-Encoding"] == nil)
      #expect(response["Vary"] == "Accept-Encoding")
      #expect(response.text == Self.page)
    }
  }

  @Test("A compressed stream used again gives the same bytes")
  func compressionAgain() throws {
    let server = try HTTPServer.started { _ in .now(.html(Self.page)) }
    defer { server.stop() }
    let first = try server.get("/", "Accept-Encoding: gzip").body
    for _ in 1...5 {
      #expect(try server.get("/", "Accept-Encoding: gzip").body == first)
    }
  }

  @Test("HEAD announces the length that GET would send compressed")
  func compressedHead() throws {
    let server = try HTTPServer.started { _ in .now(.html(Self.page)) }
    defer { server.stop() }
    let length = try server.get("/", "Accept-Encoding: gzip")["Content-Length"]
    let client = try RawClient(port: server.port)
    try client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
    #expect(try client.receive(head: true)["Content-Length"] == length)
  }

  @Test("Small answers, pictures and what is already encoded stay as they are")
  func notCompressed() throws {
    let bytes = Array(Self.page.utf8)
    let server = try HTTPServer.started { request in
      switch request.path {
      case "/small": return .now(.html("<p>small</p>"))
      case "/picture": return .now(.bytes(bytes, contentType: "image/png"))
      default:
        var response = HTTPResponse.html(bytes)
        response.headers["Content-Encoding"] = "identity"
        return .now(response)
      }
    }
    defer { server.stop() }
    for path in ["/small", "/picture", "/encoded"] {
      let response = try server.get(path, "Accept-Encoding: gzip")
      #expect(response["Content-Encoding"] != "gzip")
      #expect(response["Vary"] == nil)
    }
  }

  @Test("The error page can be replaced, and still gets the headers of its status")
  func errorPage() throws {
    let server = try HTTPServer.started(
      .onFreePort {
        $0.errorPage = { request, problem in
          .text("\(problem.code) at \(request?.path ?? "nowhere")", status: problem.status)
        }
      })
    defer { server.stop() }
    let response = try server.exchange("PUT /thing HTTP/1.1\r\nHost: localhost")
    #expect(response.status == 405)
    #expect(response.text == "method_not_allowed at /thing")
    #expect(response["Allow"] == "GET, HEAD, POST")
  }

  @Test("A megabyte goes through whole, at once and from the queue")
  func largeResponse() throws {
    let body = [UInt8]((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let server = try HTTPServer.started { request in
      let response = HTTPResponse.bytes(body, contentType: "application/octet-stream")
      return request.path == "/queued" ? .queued { response } : .now(response)
    }
    defer { server.stop() }
    #expect(try server.get("/").body == body)
    #expect(try server.get("/queued").body == body)
  }
}
