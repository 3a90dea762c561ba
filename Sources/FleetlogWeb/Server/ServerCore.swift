import FleetlogThreads

/// What happens to a request between the library's callbacks and the handler.
final class ServerCore: Sendable {
  typealias Handler = @Sendable (HTTPRequest) -> HTTPReply

  /// What a callback tells the library.
  enum Step: Sendable {
    case goOn
    case answer(HTTPResponse)
    case stream(HTTPStream, HTTPResponse)
    case hangUp
  }

  private struct Load: Sendable {
    var connections = 0
    var turnedAway = 0
    var requests = 0
    /// Of bodies that are being read or worked on.
    var bodyBytes = 0
    var isDraining = false
  }

  private struct Sleepers: Sendable {
    var connections: [ObjectIdentifier: (exchange: Exchange, client: MHDConnection)] = [:]
    var isClosed = false
  }

  /// A body this many times over the limit is not even read to its end, so as to be answered.
  private static let discardFactor = 4

  let configuration: HTTPServer.Configuration
  let watch: ConnectionWatch
  private let requestGuard: RequestGuard
  private let handler: Handler
  private let workers: WorkerPool
  private let desk: StreamDesk
  private let finish: ResponseFinish
  private let load = Monitor(Load())

  /// Connections that wait for a worker. Taking one out is what gives the right, and the duty, to
  /// resume it: exactly one of the worker and a stopping server does.
  private let sleepers = Monitor(Sleepers())

  init(
    configuration: HTTPServer.Configuration, names: HostNames, workers: WorkerPool,
    desk: StreamDesk, handler: @escaping Handler
  ) throws(ErrnoFailure) {
    self.configuration = configuration
    self.handler = handler
    self.workers = workers
    self.desk = desk
    requestGuard = RequestGuard(
      names: names, bodyLimit: configuration.bodyLimit,
      allowedHostsHint: configuration.allowedHostsHint,
      publicOriginHint: configuration.publicOriginHint)
    let finish = ResponseFinish(errorPage: configuration.errorPage)
    self.finish = finish
    let farewell = configuration.tls == nil ? finish.problem(Self.tooSlow, for: nil) : nil
    watch = try ConnectionWatch(configuration.patience, farewell: farewell?.closingWireFormat)
  }

  // MARK: Connections

  /// Counts a connection in, or returns false when there are as many as allowed.
  func admitConnection() -> Bool {
    load.withLock { load in
      guard load.connections < configuration.connectionLimit else {
        load.turnedAway += 1
        return false
      }
      load.connections += 1
      return true
    }
  }

  /// Connections that are open, and those that were turned away so far.
  var connections: (open: Int, turnedAway: Int) {
    load.withLock { ($0.connections, $0.turnedAway) }
  }

  func forgetConnection() {
    load.withLock { $0.connections -= 1 }
  }

  /// The answer to a connection beyond the limit; nil where its client could not read it.
  func refusal() -> [UInt8]? {
    guard configuration.tls == nil else { return nil }
    return finish.problem(Self.tooManyConnections, for: nil).closingWireFormat
  }

  private static let tooManyConnections = HTTPProblem(
    status: 503, code: "too_many_connections",
    message: "This server has as many connections as it takes; try again in a moment.",
    headers: ["Retry-After": "1"])

  private static let tooSlow = HTTPProblem(
    status: 408, code: "too_slow",
    message: "The request did not arrive in the time that this server gives it.")

  // MARK: Requests, in the order of the library's calls

  /// The head is there; the body is not.
  func begin(_ exchange: Exchange, head: RequestHead) -> Step {
    let isDraining = load.withLock { load in
      load.requests += 1
      return load.isDraining
    }
    var verdict = requestGuard.examine(head)
    if isDraining, verdict.problem == nil { verdict.problem = Self.stopping }
    if verdict.problem == nil { admit(&verdict, head) }
    exchange.begin(verdict, isHead: head.method == .head)
    guard let problem = verdict.problem else { return .goOn }
    // Answering before the body has been read closes the connection, and a client that is still
    // sending may then see a reset instead of the answer. So that is done only where the client
    // waits for a word first, or where reading on would be wrong or too much.
    let limit = UInt64(configuration.bodyLimit) * UInt64(Self.discardFactor)
    if verdict.isFramingUnclear || head.awaitsContinue && head.hasBody
      || head.contentLength ?? 0 > limit
    {
      return .answer(finish.problem(problem, for: verdict.request))
    }
    return .goOn
  }

  private func admit(_ verdict: inout RequestGuard.Verdict, _ head: RequestHead) {
    switch configuration.admission(verdict.request) {
    case .refused(let problem): verdict.problem = problem
    case .admitted(let limit):
      guard let limit, limit < verdict.bodyLimit else { return }
      verdict.bodyLimit = limit
      if let length = head.contentLength, length > UInt64(limit) {
        verdict.problem = RequestGuard.tooLarge("\(length) bytes", limit: limit)
      }
    }
  }

  /// Some of the body is there.
  func receive(_ exchange: Exchange, bytes: UnsafeRawBufferPointer) -> Step {
    // Within one lock: between asking for room and taking it, another thread could take it too.
    let received = load.withLock { load in
      let room = configuration.bodyMemory - load.bodyBytes
      let (received, kept) = exchange.receive(bytes, room: room)
      load.bodyBytes += kept
      return received
    }
    return received / Self.discardFactor > configuration.bodyLimit ? .hangUp : .goOn
  }

  /// The whole request is there, or its connection has been woken.
  func complete(_ exchange: Exchange, client: MHDConnection) -> Step {
    if let answer = exchange.answer {
      guard let stream = answer.stream else { return .answer(answer) }
      return admit(stream, exchange, head: answer, exchange.request)
    }
    guard let (request, problem) = exchange.outcome() else { return .hangUp }
    if let problem { return .answer(finish.problem(problem, for: request)) }
    switch handler(request) {
    case .now(let response): return .answer(finish.response(response, for: request))
    case .queued(let work):
      return sleep(exchange, client: client, request: request) { $0(work()) }
    case .later(let begin): return sleep(exchange, client: client, request: request, begin)
    case .stream(let stream): return open(stream, exchange, request)
    }
  }

  private func open(_ stream: HTTPStream, _ exchange: Exchange, _ request: HTTPRequest) -> Step {
    let head = HTTPResponse(streaming: stream)
    return admit(stream, exchange, head: finish.response(head, for: request), request)
  }

  private func admit(
    _ stream: HTTPStream, _ exchange: Exchange, head response: HTTPResponse, _ request: HTTPRequest?
  ) -> Step {
    // To HEAD the library would send the end of a body that must not be there.
    if exchange.isHead {
      stream.end()
      return .answer(response)
    }
    switch desk.admit(stream) {
    case .admitted: return .stream(stream, response)
    case .full:
      stream.end()
      return .answer(finish.problem(Self.tooManyStreams, for: request))
    case .closed:
      stream.end()
      return .answer(finish.problem(Self.stopping, for: request))
    }
  }

  /// The answer has been sent, or the client is gone.
  func end(_ exchange: Exchange) {
    guard exchange.hasBegun else { return }
    load.withLock { load in
      load.requests -= 1
      load.bodyBytes -= exchange.kept
    }
    load.wakeAll()
  }

  private func sleep(
    _ exchange: Exchange, client: MHDConnection, request: HTTPRequest,
    _ begin: @escaping @Sendable (@escaping @Sendable (HTTPResponse) -> Void) -> Void
  ) -> Step {
    let isAsleep = sleepers.withLock { sleepers in
      guard !sleepers.isClosed else { return false }
      client.suspend()
      sleepers.connections[ObjectIdentifier(exchange)] = (exchange, client)
      return true
    }
    guard isAsleep else { return .answer(finish.problem(Self.stopping, for: request)) }
    workers.submit { [self] in
      begin { [self] response in
        let response = finish.response(response, for: request)
        let sleeper = sleepers.withLock {
          $0.connections.removeValue(forKey: ObjectIdentifier(exchange))
        }
        guard let sleeper else { return }
        exchange.answer = response
        sleeper.client.resume()
      }
    }
    return .goOn
  }

  private static let tooManyStreams = HTTPProblem(
    status: 503, code: "too_many_streams",
    message: "This server has as many live streams as it takes; close one and try again.",
    headers: ["Retry-After": "5"])

  // MARK: Stopping

  private static let stopping = HTTPProblem(
    status: 503, code: "stopping", message: "This server is stopping; try again in a moment.",
    headers: ["Retry-After": "1"])

  var isDraining: Bool {
    load.withLock { $0.isDraining }
  }

  /// From here on each answer closes its connection, and requests that have yet to begin are
  /// answered 503.
  func beginDraining() {
    load.withLock { $0.isDraining = true }
    desk.close()
  }

  /// Lets the requests in hand finish. Afterwards no connection is suspended and none will be.
  ///
  /// - Parameter moment: when what has not finished is answered 503 as well.
  func drain(until moment: Moment) {
    _ = load.wait(until: moment) { $0.requests == 0 }
    let unfinished = sleepers.withLock { sleepers in
      sleepers.isClosed = true
      defer { sleepers.connections = [:] }
      return Array(sleepers.connections.values)
    }
    for (exchange, client) in unfinished {
      exchange.answer = finish.problem(Self.stopping, for: nil)
      client.resume()
    }
    if !unfinished.isEmpty {
      _ = load.wait(until: Moment(after: .milliseconds(200))) { $0.requests == 0 }
    }
  }

  func stopWorkers(by moment: Moment) {
    watch.stop()
    workers.stop(by: moment)
    desk.stopWorkers(by: moment)
  }
}
