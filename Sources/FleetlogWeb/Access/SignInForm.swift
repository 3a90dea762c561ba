/// What a browser sends to be let in: the fields of a form.
struct SignInForm {
  let token: String
  let target: String

  init(_ request: HTTPRequest) throws(HTTPProblem) {
    let type = (request.headers["Content-Type"] ?? "").split(separator: ";").first ?? ""
    guard type.trimmingOptionalWhitespace.equalsIgnoringCase("application/x-www-form-urlencoded")
    else {
      throw HTTPProblem(
        status: 415, code: "unsupported_media_type",
        message: "The Content-Type must be application/x-www-form-urlencoded: this is where a form "
          + "is sent. Programs show the token with each request, as Authorization: Bearer.")
    }
    do {
      let fields = try RequestTarget(Array("/?".utf8) + request.body).query
      func field(_ name: String) -> String { fields.last { $0.name == name }?.value ?? "" }
      token = field("token").trimmingOptionalWhitespace
      target = SignInPage.local(field("to"))
    } catch {
      throw HTTPProblem(
        status: 400, code: "bad_encoding", message: error.message, parameter: error.parameter)
    }
  }
}
