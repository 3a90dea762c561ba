/// What a client asks for, checked and decoded before any handler sees it.
package struct HTTPRequest: Sendable {
  /// `.get` or `.post`. HEAD arrives as `.get`: the server sends the answer's headers and keeps
  /// the body back. Every other method is refused with 405 before the handler.
  package let method: HTTPMethod

  /// The path as sent, still percent-encoded, without the query.
  package let path: String

  /// The path split on "/" and then percent-decoded, so that an encoded slash stays inside its
  /// segment: `/` gives none, `/a/b%2Fc` gives `a`, `b/c`, and `/a/` gives `a` and an empty one.
  ///
  /// A segment can be `..` or contain slashes: never join segments to a file path unchecked.
  package let segments: [String]

  /// The query's items in order, repeats kept.
  package let query: [QueryItem]

  package let headers: HTTPHeaders

  /// The whole body, at most `HTTPServer.Configuration.bodyLimit` bytes; empty when there is none.
  package let body: [UInt8]

  /// Whose requests are counted together: the client's IPv4 address, or the /64 network of its IPv6
  /// address, of which one machine has all. Empty when unknown.
  package let peer: String

  package init(
    method: HTTPMethod = .get,
    path: String,
    segments: [String] = [],
    query: [QueryItem] = [],
    headers: HTTPHeaders = [:],
    body: [UInt8] = [],
    peer: String = ""
  ) {
    self.method = method
    self.path = path
    self.segments = segments
    self.query = query
    self.headers = headers
    self.body = body
    self.peer = peer
  }
}

/// One `name=value` of a query string, percent-decoded, with "+" read as a space.
package struct QueryItem: Sendable, Equatable {
  package let name: String

  /// `nil` when there was no "=" (`?attention`), empty when nothing followed it (`?attention=`).
  package let value: String?

  package init(name: String, value: String?) {
    self.name = name
    self.value = value
  }
}

/// A request method; an open set, because clients may send any token.
package struct HTTPMethod: RawRepresentable, Hashable, Sendable {
  /// The method as sent; methods are case-sensitive.
  package let rawValue: String

  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  package static let get = HTTPMethod(rawValue: "GET")
  package static let head = HTTPMethod(rawValue: "HEAD")
  package static let post = HTTPMethod(rawValue: "POST")
}

extension HTTPRequest {
  func with(body: [UInt8]) -> HTTPRequest {
    HTTPRequest(
      method: method, path: path, segments: segments, query: query, headers: headers, body: body,
      peer: peer)
  }
}
