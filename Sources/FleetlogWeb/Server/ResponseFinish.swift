/// Makes any answer fit to be sent: what handlers return and what the server says by itself.
struct ResponseFinish: Sendable {
  let errorPage: ErrorPage
  private let compression = Compression()

  init(errorPage: @escaping ErrorPage) {
    self.errorPage = errorPage
  }

  /// - Parameter request: `nil` when none was read.
  func problem(_ problem: HTTPProblem, for request: HTTPRequest?) -> HTTPResponse {
    var response = errorPage(request, problem)
    for field in problem.headers where response.headers[field.name] == nil {
      response.headers.append(field.name, field.value)
    }
    return dress(response, for: request) ?? plain(problem, for: request)
  }

  func response(_ response: HTTPResponse, for request: HTTPRequest) -> HTTPResponse {
    if let dressed = dress(response, for: request) { return dressed }
    return problem(
      HTTPProblem(
        status: 500, code: "bad_response",
        message: "The answer to this request has a status or a header that cannot be sent."),
      for: request)
  }

  /// For an error page that cannot itself be sent.
  private func plain(_ problem: HTTPProblem, for request: HTTPRequest?) -> HTTPResponse {
    var response = HTTPResponse.text(problem.message, status: problem.status)
    SecurityHeaders.add(to: &response.headers)
    return response
  }

  /// `nil` when the response cannot be sent as it is.
  private func dress(_ response: HTTPResponse, for request: HTTPRequest?) -> HTTPResponse? {
    guard (200...599).contains(response.status) else { return nil }
    var dressed = response
    dressed.headers = [:]
    for field in response.headers where !field.value.isEmpty && !Self.isOurs(field.name) {
      guard field.hasValidName, field.hasValidValue else { return nil }
      dressed.headers.append(field.name, field.value)
    }
    compression.apply(to: &dressed, acceptsGzip: request?.acceptsGzip ?? false)
    SecurityHeaders.add(to: &dressed.headers)
    return dressed
  }

  private static func isOurs(_ name: String) -> Bool {
    ["Content-Length", "Transfer-Encoding", "Connection"].contains { $0.equalsIgnoringCase(name) }
  }
}
