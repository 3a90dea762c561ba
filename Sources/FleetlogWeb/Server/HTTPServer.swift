import FleetlogThreads

/// Serves HTTP/1.1 to one handler until it is stopped.
///
/// Every request the handler sees has passed the checks of `RequestGuard`; every answer carries
/// the headers of `SecurityHeaders`. A malformed first line or header, a wrong `Content-Length` and
/// a head beyond 32 KB are answered by the HTTP library itself, in its own fixed words.
package final class HTTPServer: Sendable {
  private enum Phase: Sendable {
    case idle, stopping, stopped
    case running(Running)
  }

  private struct Running: Sendable {
    let core: ServerCore
    let daemon: MHDDaemon
    let acceptor: Acceptor
  }

  private let configuration: Configuration
  private let handler: @Sendable (HTTPRequest) -> HTTPReply
  private let phase = Monitor(Phase.idle)
  private let boundPort: Monitor<Int>
  private let roomForConnections: Monitor<Int>

  /// - Parameter handler: answers each request, on a thread that serves many connections; anything
  ///   that may block belongs into `HTTPReply.queued`.
  package init(
    configuration: Configuration = Configuration(),
    handler: @escaping @Sendable (HTTPRequest) -> HTTPReply
  ) {
    self.configuration = configuration
    self.handler = handler
    boundPort = Monitor(configuration.port)
    roomForConnections = Monitor(configuration.connectionLimit)
  }

  deinit {
    stop()
  }

  /// The port bound by `start()`; before that, the one asked for.
  package var port: Int {
    boundPort.withLock { $0 }
  }

  /// Connections at one time: as many as were asked for, or as the process may have files open.
  package var connectionLimit: Int { roomForConnections.withLock { $0 } }

  /// Connections that are open, and those that were turned away for want of room.
  package var connections: (open: Int, turnedAway: Int) {
    phase.withLock { phase in
      if case .running(let running) = phase { running.core.connections } else { (0, 0) }
    }
  }

  /// Binds, and serves from its own threads when it returns. Once per server.
  package func start() throws(HTTPServerError) {
    try phase.withLock { phase throws(HTTPServerError) in
      guard case .idle = phase else {
        throw HTTPServerError(
          operation: "start the server on", place: "\(configuration.host):\(port)",
          cause: "it has been started before", mend: "Make another HTTPServer to serve again.")
      }
      try configuration.validate()
      let room = try DescriptorLimit.room(forConnections: configuration.connectionLimit)
      let socket = try ListenSocket.open(host: configuration.host, port: configuration.port)
      do throws(HTTPServerError) {
        let running = try run(on: socket, connections: room)
        roomForConnections.withLock { $0 = room }
        boundPort.withLock { $0 = socket.port }
        phase = .running(running)
      } catch {
        socket.close()
        throw error
      }
    }
  }

  /// Closes the door, ends the streams, lets the requests in hand finish, and returns when every connection is
  /// closed, at most half a second after `Configuration.drainDeadline`.
  ///
  /// What has not finished by the deadline is answered 503; queued work that still runs then is
  /// left to end by itself. May be called again, and from several threads: each call returns once
  /// the server has stopped. Must not be called from a handler, which it would wait for.
  package func stop() {
    let running: Running? = phase.wait { phase in
      switch phase {
      case .running(let running):
        phase = .stopping
        return .some(running)
      case .idle, .stopped:
        phase = .stopped
        return .some(nil)
      case .stopping:
        return nil
      }
    }
    guard let running else { return }
    let deadline = Moment(after: configuration.drainDeadline)
    running.core.beginDraining()
    running.acceptor.stop()
    running.core.drain(until: deadline)
    running.daemon.stop()
    running.core.stopWorkers(by: max(deadline, Moment(after: .milliseconds(50))))
    phase.withLock { $0 = .stopped }
    phase.wakeAll()
  }

  private func run(
    on socket: ListenSocket, connections: Int
  ) throws(HTTPServerError) -> Running {
    var configuration = configuration
    if connections < configuration.connectionLimit {
      configuration.connectionLimit = connections
      configuration.streamLimit = min(configuration.streamLimit, connections * 3 / 4)
    }
    let names = try HostNames(
      address: socket.address, port: socket.port, allowed: configuration.allowedHosts,
      publicOrigins: configuration.publicOrigins)
    do throws(ErrnoFailure) {
      let workers = try WorkerPool(count: configuration.workers)
      let desk = try StreamDesk(limit: configuration.streamLimit)
      let core = try ServerCore(
        configuration: configuration, names: names, workers: workers, desk: desk,
        handler: handler)
      do throws(ErrnoFailure) {
        let daemon = try MHDDaemon.start(core)
        do throws(ErrnoFailure) {
          let acceptor = try Acceptor.start(socket, daemon: daemon, core: core)
          return Running(core: core, daemon: daemon, acceptor: acceptor)
        } catch {
          daemon.stop()
          throw error
        }
      } catch {
        core.stopWorkers(by: Moment(after: .milliseconds(50)))
        throw error
      }
    } catch {
      if configuration.tls != nil {
        throw HTTPServerError(
          operation: "serve HTTPS on", place: "\(socket.address):\(socket.port)",
          cause: "the certificate or its key can’t be used",
          mend: "See that both are PEM files and that the key is the certificate’s.")
      }
      throw HTTPServerError(
        operation: "start the threads that serve", place: "\(socket.address):\(socket.port)",
        cause: error.text,
        mend: "Give the process more threads and memory, or ask for fewer workers.")
    }
  }
}
