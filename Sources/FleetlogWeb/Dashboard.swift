import FleetlogEvents
package import FleetlogStore

/// Answers requests with the pages of the log. Holds no state of its own besides what it was
/// started with, so any number of threads may ask at once.
package final class Dashboard: Sendable {
  private let log: EventLog
  private let live: LiveHub
  private let kit: PageKit
  private let exports = ExportPlaces(limit: 16)
  private let now: @Sendable () -> Int64
  private let access: AccessControl
  private let publicOrigin: String?
  private let program: ServingProgram
  private let meter: Meter

  /// - Parameters:
  ///   - live: what is told of every commit to `log`.
  ///   - now: ms since the Unix epoch.
  ///   - access: who is let in; nil for everybody.
  ///   - publicOrigin: where browsers find this dashboard, such as `https://fleet.example`, if that
  ///     is not `http://` and the host they name.
  package init(
    log: EventLog, live: LiveHub, kit: PageKit, now: @escaping @Sendable () -> Int64,
    access: AccessControl? = nil, publicOrigin: String? = nil,
    program: ServingProgram = ServingProgram()
  ) {
    self.log = log
    self.live = live
    self.kit = kit
    self.now = now
    self.access = access ?? AccessControl(clock: now)
    self.publicOrigin = publicOrigin
    self.program = program
    meter = Meter(startedAt: now(), streams: { live.streams })
  }

  /// Assets are answered at once, from memory; pages from a thread that may block; `/live` for as
  /// long as the client listens.
  package func reply(to request: HTTPRequest) -> HTTPReply {
    if request.segments.first == Routes.assets {
      return .now(asset(request))
    }
    if request.segments == [Routes.signIn] { return .now(signIn(request)) }
    if request.segments == [Routes.signOut] { return .now(signOut(request)) }
    if request.segments == [LiveStream.path] { return stream(request) }
    if request.segments == PostedEvents.path { return post(request) }
    for route in Routes.exports + Routes.figures {
      guard let id = route.match(request.segments) else { continue }
      guard request.method == .get else { return .now(readOnly(request)) }
      return .queued { [self] in answer(route, id, request) }
    }
    let segments = Self.pageSegments(request)
    for route in Routes.pages + Routes.drawings {
      guard let id = route.match(segments) else { continue }
      guard request.method == .get else { return .now(readOnly(request)) }
      return .queued { [self] in answer(route, id, request) }
    }
    return .now(
      problem(
        404, "not_found", "There is no page at \(request.path.prefix(200)).", for: request))
  }

  /// The designed form of what the HTTP server refuses by itself.
  package func errorPage(_ request: HTTPRequest?, _ problem: HTTPProblem) -> HTTPResponse {
    meter.noteProblem(status: problem.status)
    if let request, request.prefersJSON {
      return .json(JSONTwin.error(problem).bytes, status: problem.status)
    }
    if problem.status == 401, let request { return door(request) }
    let page = ProblemPage(status: problem.status, message: problem.message)
    return framed(page.head, kit.templates.problem.fill(page), nil, status: problem.status)
  }

  // MARK: Letting in and out

  /// What a browser meets that has not signed in.
  private func door(
    _ request: HTTPRequest, target: String? = nil, trouble: String? = nil, status: Int = 401
  ) -> HTTPResponse {
    let site = request.headers["Sec-Fetch-Site"]
    let page = SignInPage(
      trouble: trouble, target: target ?? SignInPage.target(of: request),
      mayBeSignedIn: site == "cross-site" || site == "same-site", assets: kit.assets)
    return .html(kit.templates.signIn.fill(page).bytes, status: status)
  }

  private func signIn(_ request: HTTPRequest) -> HTTPResponse {
    guard access.asksForToken, request.method == .post else {
      if !access.asksForToken || access.isSignedIn(request) { return .redirect(to: "/") }
      return door(request, status: 200)
    }
    let form: SignInForm
    do throws(HTTPProblem) {
      form = try SignInForm(request)
    } catch {
      return errorPage(request, error)
    }
    switch access.signIn(with: form.token, peer: request.peer) {
    case .done(let cookie):
      var response = HTTPResponse.redirect(to: form.target)
      response.headers.append("Set-Cookie", cookie)
      return response
    case .wrongToken:
      return door(
        request, target: form.target,
        trouble: form.token.isEmpty
          ? "Enter the token." : "This is not the token of this log. Nothing was opened.")
    case .tooMany(let wait):
      var response = door(
        request, target: form.target,
        trouble: "Too many wrong tokens: try again in \(wait) s.", status: 429)
      response.headers["Retry-After"] = String(wait)
      return response
    }
  }

  private func signOut(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == .post else {
      return problem(
        405, "method_not_allowed", "Signing out is a button at the foot of the navigation.",
        headers: ["Allow": "POST"], for: request)
    }
    var response = HTTPResponse.redirect(to: access.asksForToken ? "/" + Routes.signIn : "/")
    if let cookie = access.signOut(request) { response.headers.append("Set-Cookie", cookie) }
    return response
  }

  // MARK: Events in and out

  private func stream(_ request: HTTPRequest) -> HTTPReply {
    guard request.method == .get else { return .now(readOnly(request)) }
    do throws(EventFilter.ParameterError) {
      let order = try LiveStream.Order(request, now: now())
      return .stream(LiveStream.open(order, log: log, hub: live))
    } catch {
      return .now(
        problem(400, "bad_parameter", "\(error).", parameter: error.parameter, for: request))
    }
  }

  private func post(_ request: HTTPRequest) -> HTTPReply {
    guard request.method == .post else {
      return .now(
        problem(
          405, "method_not_allowed", "Events are sent here with POST; they are read at /events.",
          headers: ["Allow": "POST"], for: request))
    }
    guard let events = program.events else {
      return .now(problem(404, "not_found", "This server takes no events.", for: request))
    }
    return .later { answer in
      let posted: PostedEvents
      do throws(HTTPProblem) {
        posted = try PostedEvents(request, of: events.logID)
      } catch {
        return answer(.json(JSONTwin.error(error).bytes, status: error.status))
      }
      events.take(posted.events) { result in
        switch result {
        case .success(let answers): answer(posted.response(answers))
        case .failure(let refusal):
          let problem = HTTPProblem(status: 503, code: refusal.code, message: refusal.message)
          var response = HTTPResponse.json(JSONTwin.error(problem).bytes, status: 503)
          response.headers["Retry-After"] = "1"
          answer(response)
        }
      }
    }
  }

  // MARK: Pages

  private func readOnly(_ request: HTTPRequest) -> HTTPResponse {
    problem(
      405, "method_not_allowed", "This address can only be read: use GET.",
      headers: ["Allow": "GET, HEAD"], for: request)
  }

  private func asset(_ request: HTTPRequest) -> HTTPResponse {
    let version = request.query.first { $0.name == "v" }?.value
    if request.segments.count == 2,
      let response = kit.assets.response(for: request.segments[1], version: version)
    {
      return response
    }
    return problem(404, "not_found", "There is no such file.", for: request)
  }

  /// The segments without the twin's `.json`, which is looked for before decoding: an id that ends
  /// so is written `%2Ejson`. The overview's twin is `/.json`.
  private static func pageSegments(_ request: HTTPRequest) -> [String] {
    guard request.path.hasSuffix(".json"), let last = request.segments.last else {
      return request.segments
    }
    let stem = String(last.dropLast(5))
    let parents = Array(request.segments.dropLast())
    return stem.isEmpty && parents.isEmpty ? [] : parents + [stem]
  }

  private func answer(_ route: Route, _ id: String, _ request: HTTPRequest) -> HTTPResponse {
    let page = PageRequest(
      id: id, parameters: request.query.map { ($0.name, $0.value ?? "") }, now: now(), kit: kit,
      origin: publicOrigin ?? request.headers["Host"].map { "http://" + $0 },
      tokenFile: access.tokenFile, progress: live.progress, meter: meter, program: program)
    let start = ContinuousClock.now
    defer { meter.note(.now - start, route: route.pattern) }
    do {
      // Before the page is read: what is recorded in between is then new to it rather than missed.
      let overview = request.prefersJSON ? nil : try log.overview()
      switch try route.answer(page, log, request.prefersJSON) {
      case .json(let object):
        return .json(object.bytes)
      case .page(let head, let content, let status):
        return framed(head, content, overview, status: status)
      case .drawing(let content): return drawing(content)
      case .export(let export):
        guard let place = exports.take() else {
          return problem(
            503, "too_many_exports",
            "This server makes as many documents as it does at one time; try again in a moment.",
            headers: ["Retry-After": "5"], for: request)
        }
        return export.response(at: place)
      case .figures(let text):
        return .bytes(text, contentType: PrometheusText.contentType)
      }
    } catch let error as EventFilter.ParameterError {
      return problem(
        400, "bad_parameter", "\(error).", parameter: error.parameter, for: request)
    } catch let error as Unavailable {
      return problem(503, "unavailable", error.message, for: request)
    } catch let error as NotFound {
      return problem(404, "not_found", error.message, for: request)
    } catch let error as StoreError where error.cause == .interrupted {
      return problem(
        503, "too_long",
        "The answer took longer than this server gives one, and was stopped. Narrow the question, "
          + "such as by a time or a session.", headers: ["Retry-After": "5"], for: request)
    } catch {
      meter.note(error)
      program.report("\(request.path.prefix(200)): \(error)")
      let mend = (error as? StoreError)?.mend.map { " Its operator can mend that: \($0)." } ?? ""
      return problem(
        500, "log_unreadable", "The log can’t be read just now.\(mend)", for: request)
    }
  }

  /// A drawing of its own takes its colours from the same file as the pages.
  private func drawing(_ content: SafeHTML) -> HTTPResponse {
    var writer = HTMLWriter(reservingCapacity: content.bytes.count + 200)
    writer.append(#"<?xml version="1.0" encoding="UTF-8"?>"#)
    writer.append("\n<?xml-stylesheet type=\"text/css\" href=\"")
    writer.append(url: kit.assets.url(of: .style))
    writer.append("\"?>\n")
    writer.append(html: content)
    return .bytes(writer.finish().bytes, contentType: "image/svg+xml")
  }

  private func framed(
    _ head: PageHead, _ content: SafeHTML, _ overview: LogOverview?, status: Int
  ) -> HTTPResponse {
    let layout = Layout(
      head: head, assets: kit.assets, overview: overview, progress: live.progress,
      offersSignOut: overview != nil && access.asksForToken, content: content)
    return .html(kit.templates.layout.fill(layout).bytes, status: status)
  }

  private func problem(
    _ status: Int, _ code: String, _ message: String, parameter: String? = nil,
    headers: HTTPHeaders = [:], for request: HTTPRequest
  ) -> HTTPResponse {
    var response = errorPage(
      request, HTTPProblem(status: status, code: code, message: message, parameter: parameter))
    for field in headers { response.headers[field.name] = field.value }
    return response
  }
}
