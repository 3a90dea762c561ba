import FleetlogEvents

/// What a person sees where there is no page to show: 400, 404, 405, 500 and the server's own.
struct ProblemPage: TemplateContext {
  let status: Int
  let message: String

  var head: PageHead { PageHead(title: title) }

  static let slots: [Slot<ProblemPage>] = [
    .text("title", \.title),
    .text("status") { String($0.status) },
    .text("message", \.message),
    .flag("isRefusedParameter") { $0.status == 400 },
    .flag("isServerSide") { $0.status >= 500 },
  ]

  private var title: String {
    switch status {
    case 400: "This can't be asked"
    case 404: "Not found"
    case 405: "Read only"
    case 408: "Too slow"
    case 413: "Too large"
    case 429: "Too many requests"
    case 503: "Busy"
    case 500...: "The log can't be read"
    default: "Refused"
    }
  }
}
