import Foundation
import Glibc

/// This very program as a child process, whose time and memory the kernel counts.
final class ChildProgram {
  /// What a child has used so far.
  struct Usage: Sendable {
    /// Seconds of processor time.
    var processor: Double
    /// Bytes in memory now, and at most so far.
    var resident: Int64
    var peak: Int64
  }

  let identifier: pid_t
  private let output: Int32
  private var unread: [UInt8] = []
  private let errors: String
  private var status: Int32?
  private let what: String

  /// - Parameters:
  ///   - arguments: the verb and what follows it.
  ///   - folder: where its complaints are kept.
  init(_ arguments: [String], folder: String) throws {
    what = "fleetlog " + (arguments.first ?? "")
    errors = folder + "/\(arguments.first ?? "child").err"
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Self.failure("open a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The signals that this process waits for must end the child.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = (["fleetlog"] + arguments).map { strdup($0) }
    var surroundings = Self.environment.map { strdup($0) } as [UnsafeMutablePointer<CChar>?]
    words.append(nil)
    surroundings.append(nil)
    defer { for word in words + surroundings { free(word) } }
    var identifier: pid_t = 0
    let code = posix_spawn(
      &identifier, "/proc/self/exe", &actions, &attributes, words, surroundings)
    guard code == 0 else {
      close(ends[0])
      errno = code
      throw Self.failure("start \(what)")
    }
    self.identifier = identifier
    output = ends[0]
    Children.add(identifier)
  }

  deinit {
    if status == nil { _ = try? stop() }
    close(output)
  }

  /// Without the options' twins, which would change what is measured.
  private static var environment: [String] {
    // Nor do the user's settings count.
    ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FLEETLOG_") }
      .merging(["FLEETLOG_CONFIG": "/dev/null"]) { $1 }
      .map { "\($0.key)=\($0.value)" }
  }

  private static func failure(_ operation: String) -> Failure {
    Failure("can't \(operation): \(String(cString: strerror(errno)))")
  }

  /// The next line of its output; nil at the end.
  func line() -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeFirst(end + 1) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      unread += chunk[..<count]
    }
  }

  /// nil once it has ended.
  var usage: Usage? {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(identifier, &clock) == 0, clock_gettime(clock, &time) == 0,
      let text = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
    else { return nil }
    func bytes(_ name: String) -> Int64? {
      text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
        .flatMap { Int64($0) }.map { $0 << 10 }
    }
    guard let resident = bytes("VmRSS"), let peak = bytes("VmHWM") else { return nil }
    return Usage(
      processor: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9, resident: resident, peak: peak)
  }

  /// Whether it runs still.
  var isRunning: Bool {
    guard status == nil else { return false }
    var code: Int32 = 0
    var used = rusage()
    guard wait4(identifier, &code, WNOHANG, &used) == identifier else { return true }
    finish(code, used)
    return false
  }

  /// Seconds of processor time, of a child that has ended.
  private(set) var processor: Double = 0

  /// Waits for its end.
  ///
  /// - Throws: where it failed, with what it complained of.
  func wait() throws {
    if status == nil {
      var code: Int32 = 0
      var used = rusage()
      while wait4(identifier, &code, 0, &used) < 0 && errno == EINTR {}
      finish(code, used)
    }
    guard status == 0 else {
      Children.restIfBrokenOff()
      let complaint = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
      let last = complaint.split(separator: "\n").last.map(String.init) ?? "it said nothing"
      throw Failure("\(what) failed: \(last)")
    }
  }

  private func finish(_ code: Int32, _ used: rusage) {
    status = code
    processor =
      Double(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
      + Double(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6
    Children.remove(identifier)
  }

  /// Asks it to end, and waits.
  func stop() throws {
    if status == nil { kill(identifier, SIGTERM) }
    try wait()
  }
}
