import Glibc

/// A command as a child process.
struct Process: Sendable {
  let id: pid_t

  static var own: pid_t { getpid() }

  /// What becomes of one of the command's three standard descriptors.
  enum Descriptor {
    case inherited
    /// This one of ours.
    case replaced(Int32)
    /// The terminal at this path, opened anew.
    case terminal(String)
  }

  struct Failure: Error {
    let code: Int32
    var text: String { String(cString: strerror(code)) }
    /// As a shell has it: 127 for what is not there, 126 for what can't be run.
    var exitStatus: Int32 { code == ENOENT ? 127 : 126 }
  }

  /// Starts a command.
  ///
  /// - Parameters:
  ///   - words: the command's words, as pointers, since they need not be UTF-8.
  ///   - environment: set beside what this process has, which an empty value takes out.
  ///   - descriptors: of input, output and errors.
  ///   - ownsSession: whether the command leads a session, whose terminal is the first that it
  ///     opens.
  ///   - signals: which of them are blocked and which are ignored, as it was before this process
  ///     changed it.
  static func start(
    _ words: UnsafePointer<UnsafeMutablePointer<CChar>?>, environment: [String: String],
    descriptors: [Descriptor], ownsSession: Bool, signals: SignalState
  ) throws(Failure) -> Process {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in descriptors.enumerated() {
      switch descriptor {
      case .inherited: break
      case .replaced(let own): posix_spawn_file_actions_adddup2(&actions, own, Int32(number))
      case .terminal(let path):
        let flags = ownsSession ? O_RDWR : O_RDWR | O_NOCTTY
        posix_spawn_file_actions_addopen(&actions, Int32(number), path, flags, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var blocked = signals.blocked
    var defaults = signals.defaults
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    if ownsSession { flags |= Self.setSession }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var variables = Self.merge(environment)
    defer { for variable in variables { free(variable) } }
    var id: pid_t = 0
    guard let program = words.pointee else { throw Failure(code: ENOENT) }
    let code = posix_spawnp(&id, program, &actions, &attributes, words, &variables)
    guard code == 0 else { throw Failure(code: code) }
    return Process(id: id)
  }

  /// `POSIX_SPAWN_SETSID`, which the headers keep for GNU sources.
  private static let setSession: Int32 = 0x80

  private static func merge(
    _ changes: [String: String]
  ) -> [UnsafeMutablePointer<CChar>?] {
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var entry = environ
    while let text = entry.pointee {
      entry += 1
      let length = strcspn(text, "=")
      let name = String(
        decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
      if changes[name] == nil { variables.append(strdup(text)) }
    }
    for (name, value) in changes where !value.isEmpty {
      variables.append(strdup(name + "=" + value))
    }
    return variables + [nil]
  }

  /// What waiting for a process has shown.
  enum Change {
    case exited(code: Int32, Usage)
    case died(signal: Int32, Usage)
    case stopped(signal: Int32)
  }

  struct Usage: Sendable {
    /// Bytes.
    let peakMemory: Int64
    /// ms.
    let processorTime: Int64
  }

  /// Waits until the process ends or is stopped.
  func wait() -> Change {
    var status: Int32 = 0
    var usage = rusage()
    while wait4(id, &status, WUNTRACED, &usage) < 0 {
      // Who ignores SIGCHLD has its children taken away; nothing is known of its end then.
      if errno != EINTR { return .exited(code: 0, Usage(usage)) }
    }
    if status & 0xFF == 0x7F { return .stopped(signal: status >> 8 & 0xFF) }
    if status & 0x7F == 0 { return .exited(code: status >> 8 & 0xFF, Usage(usage)) }
    return .died(signal: status & 0x7F, Usage(usage))
  }

  /// Whether it ends within so many ms; it is still to be waited for then.
  func ends(within ms: Int) -> Bool {
    var children = sigset_t()
    sigemptyset(&children)
    sigaddset(&children, SIGCHLD)
    var time = timespec(tv_sec: ms / 1000, tv_nsec: ms % 1000 * 1_000_000)
    guard sigtimedwait(&children, nil, &time) == SIGCHLD else { return false }
    // Another child's end, or a stop, is told by the same signal.
    var state = siginfo_t()
    return waitid(P_PID, id_t(id), &state, WEXITED | WNOHANG | WNOWAIT) == 0
      && state.si_signo == SIGCHLD
  }

  func send(_ signal: Int32) { kill(id, signal) }

  /// Sends a signal to everything in the group that the process leads.
  func sendToGroup(_ signal: Int32) { if kill(-id, signal) != 0 { kill(id, signal) } }
}

extension Process.Usage {
  init(_ usage: rusage) {
    peakMemory = Int64(usage.ru_maxrss) * 1024
    processorTime =
      Int64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
      + Int64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000
  }
}
