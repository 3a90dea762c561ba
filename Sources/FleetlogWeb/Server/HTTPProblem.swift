/// Why the server itself refuses a request.
package struct HTTPProblem: Sendable {
  /// The status it is answered with.
  package let status: Int

  /// A name for programs: `bad_encoding`, `forbidden_host`, …
  package let code: String

  /// One or two sentences for people: what was received, and what to do instead.
  package let message: String

  /// The query parameter at fault, when it is one.
  package let parameter: String?

  /// Headers this status calls for, such as `Allow`. The server adds them to the answer.
  package let headers: HTTPHeaders

  package init(
    status: Int, code: String, message: String, parameter: String? = nil,
    headers: HTTPHeaders = [:]
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.parameter = parameter
    self.headers = headers
  }
}

/// Turns a problem into an answer.
///
/// The request is `nil` when the connection was refused before one was read. Of a request that
/// could not be decoded, only `method`, `path` and `headers` are filled in. Runs on the threads
/// that serve connections: it must not block.
package typealias ErrorPage = @Sendable (HTTPRequest?, HTTPProblem) -> HTTPResponse

extension HTTPProblem {
  /// JSON for programs, a small page for people; see `HTTPRequest.prefersJSON`.
  package static let plainPage: ErrorPage = { request, problem in
    if let request, request.prefersJSON {
      .json(Array(problem.json.utf8), status: problem.status)
    } else {
      .html(problem.html, status: problem.status)
    }
  }

  private var json: String {
    let parameter = parameter.map { ",\"parameter\":\($0.jsonQuoted)" } ?? ""
    return "{\"error\":{\"code\":\(code.jsonQuoted),\"message\":\(message.jsonQuoted)\(parameter)}}"
  }

  private var html: String {
    """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>\(status) · Fleetlog</title>
    <h1>\(status)</h1>
    <p>\(message.htmlEscaped)</p>
    </html>

    """
  }
}

extension String {
  fileprivate var htmlEscaped: String {
    var escaped = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  fileprivate var jsonQuoted: String {
    var quoted = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
