/// What every answer tells the browser to refuse on our behalf.
///
/// Transcripts are hostile text. Escaping is the first wall; should a page ever let markup
/// through, this policy leaves it nothing to run, load or submit to.
enum SecurityHeaders {
  private static let contentSecurityPolicy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'
    """

  private static let defaults: HTTPHeaders = [
    "Content-Security-Policy": contentSecurityPolicy,
    "X-Content-Type-Options": "nosniff",
    // Without a referrer altogether, browsers say `Origin: null` when a page's own form is sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
  ]

  /// Adds each header the response does not set for itself.
  static func add(to headers: inout HTTPHeaders) {
    for field in defaults where headers[field.name] == nil {
      headers.append(field.name, field.value)
    }
  }
}
