package import FleetlogClient
import FleetlogThreads
import Glibc

/// Runs a command as a run of the log: unseen by the command, and by whoever runs it.
package final class RunLauncher {
  /// How long a command waits for a server that does not answer, in ms.
  package static let patience = 3000
  /// How long the start of a run may be without the disk's word, in ms.
  private static let moment = 50

  private let options: RunOptions
  private let record: RunRecord
  private let places: LogPlaces
  private let signals: SignalState
  private let version: String
  private let environment: [String: String]
  /// What runs inside this one mark their output with.
  private let secret = Nonce.make()

  /// - Parameters:
  ///   - signals: as they were taken when the process started.
  ///   - version: this program's.
  package init(
    options: RunOptions, route: EventRoute, environment: [String: String], signals: SignalState,
    version: String
  ) {
    self.options = options
    self.signals = signals
    self.version = version
    self.environment = environment
    places = route.places
    record = RunRecord(options: options, route: route, environment: environment)
  }

  /// How the command's output comes here.
  private enum Wiring {
    case pipes
    /// Output through a terminal; keys come straight from the person's.
    case shown(PseudoTerminal)
    /// The command has a terminal and a session of its own, for keys and output alike.
    case session(PseudoTerminal)

    var hasSession: Bool { if case .session = self { true } else { false } }

    var terminal: PseudoTerminal? {
      switch self {
      case .pipes: nil
      case .shown(let terminal), .session(let terminal): terminal
      }
    }
  }

  /// Runs the command to its end.
  ///
  /// - Parameter words: the command's words, ended by nil.
  /// - Returns: the exit status: the command's own, or 128 and the number of the signal that ended
  ///   it.
  package func run(_ words: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    let command = Self.text(words)
    if !record.begin(command: command, version: version) {
      Self.say("no log can be reached: the run is told in \(places.runs)")
    }
    let began = MonotonicClock.now
    let wiring = wire()
    let relay = SignalRelay(hasOwnSession: wiring.hasSession) {
      wiring.terminal?.resize()
    }
    relay.start()
    var streams: [Stream] = []
    var descriptors: [Process.Descriptor] = [.inherited, .inherited, .inherited]
    prepare(wiring, &descriptors, &streams)
    let process: Process
    do throws(Process.Failure) {
      process = try Process.start(
        words, environment: childEnvironment(streams), descriptors: descriptors,
        ownsSession: wiring.hasSession, signals: signals)
    } catch {
      let failure = "\(command.first ?? "") can't be started: \(error.text)"
      Self.say(failure)
      var ending = Ending(duration: MonotonicClock.now - began)
      ending.code = Int(error.exitStatus)
      ending.failure = failure
      ending.isShown = isatty(STDERR_FILENO) == 1
      _ = record.end(ending)
      record.settle()
      return error.exitStatus
    }
    relay.follow(process)
    for stream in streams { close(stream.given) }
    let pumps = streams.map {
      OutputPump(
        from: $0.own, to: $0.target, capture: $0.capture, inner: OutputMark(secret: secret),
        outer: OutputMark(for: $0.target, environment: environment))
    }
    let keys = RawTerminal(STDIN_FILENO)
    if case .session(let terminal) = wiring {
      // Before anything is passed on: until then the person's terminal would end each line a second
      // time.
      keys.enter()
      KeyPump.start(from: STDIN_FILENO, to: terminal.master)
    }
    for pump in pumps { pump.start() }
    // Of a command that is over at once start and end wait for the disk together.
    if !process.ends(within: Self.moment) { record.settle() }
    let (status, change) = follow(process, wiring, keys)
    relay.leave()
    let sums = pumps.map { $0.finish() }
    keys.leave()
    var ending = Self.ending(change, process, began: began, wasAsked: relay.wasAsked)
    ending.outputBytes = sums.reduce(0) { $0 + $1.bytes }
    ending.isCut = sums.contains { $0.isCut }
    if case .lost = record.end(ending) {
      Self.say("the end of the run could not be told: no log can be reached or written")
    }
    record.settle()
    return status
  }

  /// Waits for the command's end, and stops with it as a job of a shell does.
  private func follow(
    _ process: Process, _ wiring: Wiring, _ keys: RawTerminal
  ) -> (status: Int32, Process.Change) {
    while true {
      let change = process.wait()
      switch change {
      case .exited(let code, _): return (code, change)
      case .died(let signal, _): return (128 + signal, change)
      case .stopped(let signal):
        guard signal != SIGSTOP || isatty(STDIN_FILENO) == 1 else { continue }
        keys.leave()
        kill(getpid(), SIGSTOP)
        // Here we go on, when the shell says so.
        if wiring.hasSession { keys.enter() }
        wiring.terminal?.resize()
        if wiring.hasSession { process.sendToGroup(SIGCONT) } else { process.send(SIGCONT) }
      }
    }
  }

  private func childEnvironment(_ streams: [Stream]) -> [String: String] {
    var variables = record.childEnvironment
    let places = streams.compactMap { OutputMark.place(of: $0.given) }
    variables[OutputMark.variable] = ([secret] + places).joined(separator: ";")
    return variables
  }

  // MARK: Descriptors

  /// One of the command's output streams.
  private struct Stream {
    /// Our end.
    let own: Int32
    /// The command's end, closed here once it has started.
    let given: Int32
    let target: Int32
    let capture: CaptureFile?
  }

  private func wire() -> Wiring {
    guard isatty(STDOUT_FILENO) == 1 else { return .pipes }
    // Programs take input, output and errors for one terminal where all three are.
    if RawTerminal.isOurs(STDIN_FILENO),
      let terminal = PseudoTerminal.open(for: STDIN_FILENO, isPlain: false)
    {
      return .session(terminal)
    }
    return PseudoTerminal.open(for: STDOUT_FILENO, isPlain: true).map { .shown($0) } ?? .pipes
  }

  private func prepare(
    _ wiring: Wiring, _ descriptors: inout [Process.Descriptor], _ streams: inout [Stream]
  ) {
    if let terminal = wiring.terminal {
      if wiring.hasSession { descriptors[0] = .terminal(terminal.path) }
      descriptors[1] = .terminal(terminal.path)
      // A terminal shows both as one, and so they are kept.
      if isatty(STDERR_FILENO) == 1 { descriptors[2] = .terminal(terminal.path) }
      streams.append(
        Stream(
          own: terminal.master, given: terminal.slave, target: STDOUT_FILENO,
          capture: capture("stdout")))
    }
    for (descriptor, name) in [(STDOUT_FILENO, "stdout"), (STDERR_FILENO, "stderr")] {
      guard case .inherited = descriptors[Int(descriptor)], Self.isOpen(descriptor),
        let ends = Self.pipe()
      else { continue }
      descriptors[Int(descriptor)] = .replaced(ends.input)
      streams.append(
        Stream(
          own: ends.output, given: ends.input, target: descriptor, capture: capture(name)))
    }
  }

  private func capture(_ stream: String) -> CaptureFile? {
    guard options.captureLimit > 0 else { return nil }
    return CaptureFile(
      folder: places.runs, name: record.fileName + "." + stream,
      header: record.captureHeader(stream: stream), limit: options.captureLimit)
  }

  /// What was closed before stays closed.
  private static func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

  private static func pipe() -> (output: Int32, input: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return nil }
    for (index, end) in ends.enumerated() {
      // A descriptor that the command's own would be laid over must move out of the way.
      if end <= STDERR_FILENO {
        ends[index] = fcntl(end, F_DUPFD_CLOEXEC, 3)
        close(end)
      } else {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
    }
    return (ends[0], ends[1])
  }

  // MARK: What is told

  private static func ending(
    _ change: Process.Change, _ process: Process, began: Int64, wasAsked: Bool
  ) -> Ending {
    var ending = Ending(duration: MonotonicClock.now - began)
    ending.processID = process.id
    ending.wasAsked = wasAsked
    switch change {
    case .exited(let code, let usage):
      ending.code = Int(code)
      ending.take(usage)
    case .died(let signal, let usage):
      ending.signal = SignalName.of(signal)
      // Ctrl-C comes from the terminal to all of its foreground at once.
      ending.wasAsked = wasAsked || signal == SIGINT || signal == SIGPIPE
      ending.take(usage)
    case .stopped: break
    }
    return ending
  }

  private static func text(_ words: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> [String] {
    var texts: [String] = []
    var word = words
    while let text = word.pointee {
      texts.append(String(cString: text))
      word += 1
    }
    return texts
  }

  package static func say(_ text: String) {
    let bytes = Array("fleetlog run: \(text)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}

extension Ending {
  fileprivate mutating func take(_ usage: Process.Usage) {
    peakMemory = usage.peakMemory
    processorTime = usage.processorTime
  }
}
