/// What stands in place of a page for a browser that has not shown the token yet: a form, and
/// nothing of the log.
struct SignInPage: TemplateContext {
  /// What was wrong with the last attempt.
  var trouble: String?
  /// The page that was asked for, where the way in leads afterwards.
  var target = "/"
  /// A link from another site brings no cookie, though the browser may have one.
  var mayBeSignedIn = false
  let assets: Assets

  static let slots: [Slot<SignInPage>] = [
    .text("styleURL") { $0.assets.url(of: .style) },
    .text("iconURL") { $0.assets.url(of: .icon) },
    .text("trouble", \.trouble),
    .text("target", \.target),
    .flag("mayBeSignedIn", \.mayBeSignedIn),
  ]

  /// The address of a request, as a link.
  static func target(of request: HTTPRequest) -> String {
    guard request.method == .get, request.segments != [Routes.signIn] else { return "/" }
    let query = request.query.map { ($0.name, $0.value ?? "") }
    return local(request.path + Location(query: query).description.dropFirst())
  }

  /// `address` if it is a path of this server, else the overview: a form must not lead elsewhere.
  static func local(_ address: String) -> String {
    let bytes = Array(address.utf8)
    guard bytes.first == UInt8(ascii: "/"), bytes.count <= RequestGuard.targetLimit,
      bytes.dropFirst().first != UInt8(ascii: "/"), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      !bytes.contains(UInt8(ascii: "\\"))
    else { return "/" }
    return address
  }
}
