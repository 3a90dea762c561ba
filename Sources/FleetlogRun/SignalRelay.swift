import Glibc
import Synchronization

/// How this process found its signals: what a command that it starts is to find as well.
package struct SignalState: Sendable {
  /// Blocked, as this process inherited it.
  let blocked: sigset_t
  /// To be set to their default in the command, since this process handles them.
  let defaults: sigset_t

  /// Takes the signals of this process, to be called before any thread is started.
  package static func take() -> SignalState {
    var taken = sigset_t()
    sigemptyset(&taken)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in SignalRelay.forwarded + [SIGPIPE] {
      // What is ignored stays ignored, in the command too: `nohup` relies on it.
      var action = sigaction()
      sigaction(signal, nil, &action)
      if action.__sigaction_handler.sa_handler.map({ unsafeBitCast($0, to: Int.self) }) == 1 {
        continue
      }
      sigaddset(&taken, signal)
      sigaddset(&defaults, signal)
    }
    // With SIGCHLD ignored, as some starters leave it, there is nothing to wait for; blocked, it
    // stays for whoever asks for it.
    signal(SIGCHLD, SIG_DFL)
    sigaddset(&taken, SIGCHLD)
    var blocked = sigset_t()
    pthread_sigmask(SIG_BLOCK, &taken, &blocked)
    return SignalState(blocked: blocked, defaults: defaults)
  }
}

/// Passes signals on to the command, on a thread of its own.
///
/// What the terminal sends goes to every process in its foreground, so to the command as well:
/// only what somebody sent to this process alone is passed on, or a Ctrl-C would come twice.
final class SignalRelay: Sendable {
  static let forwarded = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH, SIGALRM,
  ]

  /// The command's process; 0 before it has started and once it is over.
  private let process = Atomic<Int32>(0)
  private let asked = Atomic(false)
  /// Signals that came before the command had started; one bit each.
  private let early = Atomic<UInt64>(0)
  private let hasOwnSession: Bool
  private let onResize: @Sendable () -> Void

  /// - Parameters:
  ///   - hasOwnSession: whether the command leads a session of its own, in which case nothing that
  ///     comes here has reached it.
  ///   - onResize: called when the terminal's size has changed.
  init(hasOwnSession: Bool, onResize: @escaping @Sendable () -> Void) {
    self.hasOwnSession = hasOwnSession
    self.onResize = onResize
  }

  /// Whether the command was asked to end.
  var wasAsked: Bool { asked.load(ordering: .acquiring) }

  /// Notes that the command was asked to end otherwise than by a signal that came here.
  func noteAsked() { asked.store(true, ordering: .releasing) }

  func start() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<SignalRelay>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    pthread_detach(thread)
  }

  /// Passes on from now on, also what came before.
  func follow(_ process: Process) {
    self.process.store(process.id, ordering: .sequentiallyConsistent)
    let waiting = early.exchange(0, ordering: .sequentiallyConsistent)
    for signal in Self.forwarded where waiting & 1 << UInt64(signal) != 0 { process.send(signal) }
  }

  /// Passes nothing on any more: the process's id may come to be another's.
  func leave() { process.store(0, ordering: .sequentiallyConsistent) }

  private func run() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in Self.forwarded { sigaddset(&signals, signal) }
    while true {
      var info = siginfo_t()
      let signal = sigwaitinfo(&signals, &info)
      if signal < 0 { continue }
      take(signal, isFromKernel: info.si_code > 0, sender: info._sifields._kill.si_pid)
    }
  }

  private func take(_ signal: Int32, isFromKernel: Bool, sender: pid_t) {
    if signal == SIGWINCH { return onResize() }
    if [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(signal) { noteAsked() }
    let hasReachedIt = isFromKernel && !hasOwnSession
    // A stop or its end concerns the shell's job; see ``RunLauncher``.
    if hasReachedIt || sender == getpid() && !isFromKernel { return }
    let id = process.load(ordering: .sequentiallyConsistent)
    guard id > 0 else {
      early.bitwiseOr(1 << UInt64(signal), ordering: .sequentiallyConsistent)
      // The command may have started just now.
      let id = process.load(ordering: .sequentiallyConsistent)
      if id > 0 { follow(Process(id: id)) }
      return
    }
    Process(id: id).send(signal)
  }
}

/// Signals by their names.
enum SignalName {
  static func of(_ signal: Int32) -> String {
    names.first { $0.0 == signal }?.1 ?? "signal \(signal)"
  }

  private static let names: [(Int32, String)] = [
    (SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGQUIT, "SIGQUIT"), (SIGILL, "SIGILL"),
    (SIGTRAP, "SIGTRAP"), (SIGABRT, "SIGABRT"), (SIGBUS, "SIGBUS"), (SIGFPE, "SIGFPE"),
    (SIGKILL, "SIGKILL"), (SIGUSR1, "SIGUSR1"), (SIGSEGV, "SIGSEGV"), (SIGUSR2, "SIGUSR2"),
    (SIGPIPE, "SIGPIPE"), (SIGALRM, "SIGALRM"), (SIGTERM, "SIGTERM"), (SIGXCPU, "SIGXCPU"),
    (SIGXFSZ, "SIGXFSZ"), (SIGVTALRM, "SIGVTALRM"), (SIGPROF, "SIGPROF"), (SIGIO, "SIGIO"),
    (SIGSYS, "SIGSYS"),
  ]
}
