import FleetlogStore
import FleetlogThreads
import Glibc

/// Runs a program without a shell and takes what it prints, within a time and a size. The program
/// has a process group of its own, which is ended with it, and of this process's environment only
/// what is handed to it; files are opened so that no child inherits them.
package struct ChildOutput {
  package enum Failure: Error, Equatable {
    /// An error of the system.
    case start(Int32)
    case late
    case tooMuch
    /// Ended with a status, or by a signal; what it said then.
    case status(Int32, said: String)
  }

  /// A path, or a name that is looked for in `PATH`.
  private let program: String
  private let arguments: [String]
  private let environment: [String]
  private let input: [UInt8]
  private let deadline: Int64
  private let limit: Int

  /// A socket takes so many bytes without anybody reading, so writing them never blocks.
  package static let mostInput = 60_000

  /// - Parameters:
  ///   - environment: `NAME=value` each.
  ///   - input: what the program reads, up to ``mostInput`` bytes.
  ///   - deadline: ms.
  ///   - limit: bytes.
  package init(
    program: String, arguments: [String], environment: [String], input: [UInt8] = [],
    deadline: Int64, limit: Int
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.deadline = deadline
    self.limit = limit
  }

  package func run() throws(Failure) -> [UInt8] {
    let started = Self.starting.withLock { _ in start() }
    guard started.code == 0 else { throw .start(started.code) }
    let end = MonotonicClock.now + deadline
    Self.send(input, to: started.input)
    close(started.input)
    let read = read(started.output, started.errors, until: end)
    close(started.output)
    close(started.errors)
    let status = wait(for: started.child, until: read.failure == nil ? end : 0)
    if let failure = read.failure { throw failure }
    guard let status else { throw .late }
    guard status == 0 else {
      let said = String(decoding: read.errors, as: UTF8.self)
      throw .status(status, said: said.split(separator: "\n").first.map(String.init) ?? "")
    }
    return read.output
  }

  /// One at a time, so that no child inherits another's pipes before they are marked as ours alone.
  private static let starting = Monitor(())

  /// A socket to the child, which raises no signal when the child does not read, and two pipes from
  /// it.
  private func start() -> (code: Int32, child: pid_t, input: Int32, output: Int32, errors: Int32) {
    var ends: [[Int32]] = []
    for number in 0..<3 {
      var pair: [Int32] = [-1, -1]
      let made =
        number == 0 ? socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) : pipe(&pair)
      guard made == 0 else {
        let code = errno
        for end in ends.joined() { close(end) }
        return (code, 0, -1, -1, -1)
      }
      for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      ends.append(number == 0 ? pair : [pair[1], pair[0]])
    }
    var child: pid_t = 0
    let code = spawn(&child, ends.map { $0[0] })
    for pair in ends {
      close(pair[0])
      if code != 0 { close(pair[1]) }
    }
    return (code, child, ends[0][1], ends[1][1], ends[2][1])
  }

  /// - Parameter ends: the child's input, output and errors.
  private func spawn(_ child: inout pid_t, _ ends: [Int32]) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in ends.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
    }
    // The server blocks the signals that end it and ignores a closed pipe; the child must not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETPGROUP))
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let surroundings = environment.map { strdup($0) } + [nil]
    defer { for text in words + surroundings { free(text) } }
    return posix_spawnp(&child, program, &actions, &attributes, words, surroundings)
  }

  /// A child that ended already is told by its status.
  private static func send(_ bytes: [UInt8], to socket: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private func read(
    _ output: Int32, _ errors: Int32, until end: Int64
  ) -> (output: [UInt8], errors: [UInt8], failure: Failure?) {
    var taken: [[UInt8]] = [[], []]
    var isOpen = [true, true]
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while isOpen.contains(true) {
      let left = end - MonotonicClock.now
      guard left > 0 else { return (taken[0], taken[1], .late) }
      var ready = zip([output, errors], isOpen).map { descriptor, isOpen in
        pollfd(fd: isOpen ? descriptor : -1, events: Int16(POLLIN), revents: 0)
      }
      let count = poll(&ready, 2, Int32(clamping: left))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return (taken[0], taken[1], .late) }
      for index in 0..<2 where ready[index].revents != 0 {
        let got = Glibc.read(ready[index].fd, &buffer, buffer.count)
        if got < 0, errno == EINTR { continue }
        if got <= 0 {
          isOpen[index] = false
        } else if index == 0 || taken[1].count < 4096 {
          taken[index] += buffer[..<got]
        }
      }
      if taken[0].count > limit { return (taken[0], taken[1], .tooMuch) }
    }
    return (taken[0], taken[1], nil)
  }

  /// Ends the child, and whatever it started, if it has not ended by then.
  ///
  /// - Returns: its status; nil where it had to be ended.
  private func wait(for child: pid_t, until end: Int64) -> Int32? {
    var status: Int32 = 0
    while MonotonicClock.now < end {
      let done = waitpid(child, &status, WNOHANG)
      if done == child {
        // What it left behind goes too.
        kill(-child, SIGKILL)
        return status
      }
      if done < 0, errno != EINTR { return nil }
      usleep(1000)
    }
    kill(-child, SIGKILL)
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return nil
  }
}
