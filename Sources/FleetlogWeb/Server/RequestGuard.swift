/// Decides from a request's head alone whether the handler may see it.
struct RequestGuard: Sendable {
  /// Bytes of path and query. The HTTP library refuses by itself (414, 431, without
  /// `Configuration.errorPage`) a head that outgrows a connection's memory of 32 KB.
  static let targetLimit = 8192

  let names: HostNames
  let bodyLimit: Int
  let allowedHostsHint: String
  let publicOriginHint: String

  struct Verdict: Sendable {
    /// Of a refused request, as much as could be read.
    let request: HTTPRequest
    var problem: HTTPProblem?

    /// Bytes of body that are taken.
    var bodyLimit: Int

    /// Whether it is unclear where this request's body ends, so that what follows on the
    /// connection must not be read as another request.
    var isFramingUnclear = false
  }

  func examine(_ head: RequestHead) -> Verdict {
    let method = head.method == .head ? .get : head.method
    let undecoded = HTTPRequest(
      method: method, path: RequestTarget.rawPath(of: head.target), headers: head.headers,
      peer: head.peer)
    if let problem = Self.framingProblem(of: head) {
      return Verdict(
        request: undecoded, problem: problem, bodyLimit: bodyLimit, isFramingUnclear: true)
    }
    do throws(HTTPProblem) {
      let host = try checkHost(of: head)
      try Self.checkTarget(of: head)
      try checkOrigin(of: head, host: host)
      try checkAnnouncedLength(of: head)
      let target = try Self.decode(head.target)
      return Verdict(
        request: HTTPRequest(
          method: method, path: target.path, segments: target.segments, query: target.query,
          headers: undecoded.headers, peer: head.peer),
        problem: nil, bodyLimit: bodyLimit)
    } catch {
      return Verdict(request: undecoded, problem: error, bodyLimit: bodyLimit)
    }
  }

  static func tooLarge(_ received: String, limit: Int) -> HTTPProblem {
    HTTPProblem(
      status: 413, code: "body_too_large",
      message: "The request’s body is \(received); at most \(limit) bytes are taken here.")
  }

  static let noRoom = HTTPProblem(
    status: 503, code: "busy",
    message: "This server is reading as much as it holds at one time; try again in a moment.",
    headers: ["Retry-After": "1"])

  /// What makes two readers of the same bytes disagree about where a request ends.
  private static func framingProblem(of head: RequestHead) -> HTTPProblem? {
    func malformed(_ message: String) -> HTTPProblem {
      HTTPProblem(status: 400, code: "bad_request", message: message)
    }
    guard head.isIntact else {
      return malformed(
        "The request’s first line or headers hold a folded line, a NUL, a line that does not end "
          + "in CR LF, or more than one space between the parts of the first line.")
    }
    if let field = head.fields.first(where: { !$0.hasValidName || !$0.hasValidValue }) {
      return malformed("The header “\(field.name)” has a character in it that HTTP forbids there.")
    }
    let lengths = head.values(of: "Content-Length")
    let encodings = head.values(of: "Transfer-Encoding")
    if lengths.count > 1 { return malformed("The request has more than one Content-Length.") }
    guard let encoding = encodings.first else { return nil }
    if !lengths.isEmpty {
      return malformed("The request has both a Content-Length and a Transfer-Encoding.")
    }
    guard encodings.count == 1, encoding.equalsIgnoringCase("chunked"), head.version == "HTTP/1.1"
    else {
      return malformed("The only Transfer-Encoding taken here is “chunked”, once, in HTTP/1.1.")
    }
    return nil
  }

  private func checkHost(of head: RequestHead) throws(HTTPProblem) -> Authority {
    let hosts = head.values(of: "Host").map(\.trimmingOptionalWhitespace)
    guard hosts.count == 1, let host = Authority(hosts[0]) else {
      throw HTTPProblem(
        status: 400, code: "bad_host",
        message: hosts.isEmpty
          ? "The request has no Host header."
          : "The request’s Host must be one name with an optional port; it is "
            + "“\(hosts.joined(separator: "”, “"))”.")
    }
    guard names.contains(host) else {
      throw HTTPProblem(
        status: 403, code: "forbidden_host",
        message: "The request was addressed to “\(hosts[0])”, and this server answers only to "
          + "\(names.description). If that name is right, \(allowedHostsHint).")
    }
    return host
  }

  private static func checkTarget(of head: RequestHead) throws(HTTPProblem) {
    guard head.target.count <= targetLimit else {
      throw HTTPProblem(
        status: 414, code: "target_too_long",
        message: "The address is \(head.target.count) bytes long; "
          + "this server takes at most \(targetLimit).")
    }
    guard [.get, .head, .post].contains(head.method) else {
      throw HTTPProblem(
        status: 405, code: "method_not_allowed",
        message: "The method \(head.method.rawValue) is not known here; "
          + "this server takes GET, HEAD and POST.",
        headers: ["Allow": "GET, HEAD, POST"])
    }
    guard head.target.first == UInt8(ascii: "/"),
      head.target.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else {
      throw HTTPProblem(
        status: 400, code: "bad_target",
        message: "The address must be a path that begins with “/” and has no blanks or control "
          + "characters in it.")
    }
  }

  /// Refuses what a page of another origin makes a browser send, except that its reader follows a
  /// link to here. Programs other than browsers send none of these headers and are not affected.
  private func checkOrigin(of head: RequestHead, host: Authority) throws(HTTPProblem) {
    func values(_ name: String) -> [String] {
      head.values(of: name).map(\.trimmingOptionalWhitespace)
    }
    let origins = values("Origin")
    guard origins.allSatisfy({ names.isOwn(origin: $0, host: host) }) else {
      let origin = origins.first { !names.isOwn(origin: $0, host: host) } ?? ""
      throw Self.foreign(
        "“\(origin)”",
        mend: WebOrigin(origin) == nil
          ? nil : "If that is this server’s own address behind a proxy, \(publicOriginHint)")
    }
    let isOwn = values("Sec-Fetch-Site").allSatisfy { $0 == "same-origin" || $0 == "none" }
    let isLink =
      (head.method == .get || head.method == .head) && values("Sec-Fetch-Mode") == ["navigate"]
      && values("Sec-Fetch-Dest").allSatisfy { $0 == "document" }
    guard isOwn || isLink else { throw Self.foreign("another site", mend: nil) }
  }

  private static func foreign(_ page: String, mend: String?) -> HTTPProblem {
    HTTPProblem(
      status: 403, code: "cross_origin",
      message: "The request comes from a page of \(page); only this server’s own pages and "
        + "programs other than browsers may ask here."
        + (mend.map { " \($0)\(page.dropFirst().dropLast())." } ?? ""))
  }

  private func checkAnnouncedLength(of head: RequestHead) throws(HTTPProblem) {
    if let length = head.contentLength, length > UInt64(bodyLimit) {
      throw Self.tooLarge("\(length) bytes", limit: bodyLimit)
    }
  }

  private static func decode(_ target: [UInt8]) throws(HTTPProblem) -> RequestTarget {
    do {
      return try RequestTarget(target)
    } catch {
      throw HTTPProblem(
        status: 400, code: "bad_encoding", message: error.message, parameter: error.parameter)
    }
  }
}

extension HTTPProblem: Error {}
