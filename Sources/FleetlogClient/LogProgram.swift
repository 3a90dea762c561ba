import FleetlogEvents
import Glibc

/// The `fleetlog` program as the hand that writes to a database: so SQLite is no concern of the
/// processes that log.
enum LogProgram {
  /// - Returns: an answer for each line; nil where the program is not there or could not write.
  static func write(_ lines: [[UInt8]], places: LogPlaces) -> [LogAnswer]? {
    guard let program = places.program else { return nil }
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard pipe(&input) == 0 else { return nil }
    guard pipe(&output) == 0 else {
      for end in input { close(end) }
      return nil
    }
    for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let process = spawn(
      [program, "log", "--lines", "--direct", "--db", places.database], input[0], output[1])
    close(input[0])
    close(output[1])
    defer { close(output[0]) }
    guard let process else {
      close(input[1])
      return nil
    }
    let isSent = send(EventLine.joined(lines), to: input[1])
    close(input[1])
    let text = readAll(output[0])
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard isSent, status == 0 else { return nil }
    let answers = text.split(separator: 0x0A).compactMap { line in
      (try? JSONDocument(Array(line)).root).flatMap { LogAnswer($0) }
    }
    return answers.count == lines.count ? answers : nil
  }

  private static func spawn(_ words: [String], _ input: Int32, _ output: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    return posix_spawn(&process, words[0], &actions, nil, &arguments, environ) == 0 ? process : nil
  }

  /// A program that ends before it has read everything must not end this one.
  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var pipes = sigset_t()
    sigemptyset(&pipes)
    sigaddset(&pipes, SIGPIPE)
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipes, &before)
    defer {
      var none = timespec()
      _ = sigtimedwait(&pipes, nil, &none)
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
