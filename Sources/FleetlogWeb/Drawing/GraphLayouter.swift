import FleetlogStore
import Glibc

/// Where the boxes of a graph stand and how its arrows run, in px, y downwards.
struct GraphLayout: Sendable, Equatable {
  struct Point: Sendable, Equatable {
    var x: Double
    var y: Double
  }

  var width = 0.0
  var height = 0.0
  /// The middle of each box.
  var boxes: [String: Point] = [:]
  /// The course of each arrow, by its place in what was laid out: a start, then three points for
  /// each Bézier curve.
  var arrows: [Int: [Point]] = [:]
}

/// Has Graphviz place boxes, and nothing more: the drawing is our own. Each layout is a process of
/// its own, without a shell, ended when it takes too long; layouts are kept by their content.
final class GraphLayouter: Sendable {
  enum Outcome: Sendable, Equatable {
    case layout(GraphLayout)
    /// Graphviz is not installed.
    case missing
    /// It took too long, or others are at work already.
    case late
    case failed(String)
  }

  /// px per inch, in which Graphviz counts.
  static let scale = 72.0
  /// ms.
  private let deadline: Int64
  private let program: String

  private struct State {
    var kept: [(source: String, layout: GraphLayout)] = []
    var running = 0
  }

  private let state = Monitor(State())
  private static let mostKept = 32
  private static let mostRunning = 2
  /// A socket takes so much without anybody reading, so writing never blocks.
  private static let mostInput = 60_000
  private static let mostOutput = 4 << 20

  init(program: String = "dot", deadline: Int64 = 2000) {
    self.program = program
    self.deadline = deadline
  }

  /// - Parameters:
  ///   - boxes: names of letters and digits, with sizes in px.
  ///   - arrows: pairs of names; the layout runs from left to right along them.
  func layout(
    boxes: [(name: String, width: Double, height: Double)], arrows: [(from: String, to: String)]
  ) -> Outcome {
    let source = Self.source(boxes, arrows)
    let cached: GraphLayout? = state.withLock { state in
      guard let index = state.kept.firstIndex(where: { $0.source == source }) else { return nil }
      let entry = state.kept.remove(at: index)
      state.kept.append(entry)
      return entry.layout
    }
    if let cached { return .layout(cached) }
    guard source.utf8.count <= Self.mostInput, begin() else { return .late }
    defer { state.withLock { $0.running -= 1 } }
    let outcome = run(source)
    guard case .output(let text) = outcome else {
      switch outcome {
      case .missing: return .missing
      case .late: return .late
      case .failed(let why): return .failed(why)
      case .output: return .late
      }
    }
    guard let layout = Self.parse(text, arrows) else {
      return .failed("\(program) answered with what is no layout")
    }
    state.withLock { state in
      state.kept.append((source, layout))
      if state.kept.count > Self.mostKept { state.kept.removeFirst() }
    }
    return .layout(layout)
  }

  private func begin() -> Bool {
    state.withLock { state in
      guard state.running < Self.mostRunning else { return false }
      state.running += 1
      return true
    }
  }

  static func source(
    _ boxes: [(name: String, width: Double, height: Double)],
    _ arrows: [(from: String, to: String)]
  ) -> String {
    var lines = [
      "digraph g {", "graph [rankdir=LR nodesep=0.2 ranksep=1.4]",
      "node [shape=box fixedsize=true label=\"\"]", "edge [arrowhead=none]",
    ]
    for box in boxes {
      lines.append("\(box.name) [width=\(box.width / scale) height=\(box.height / scale)]")
    }
    for arrow in arrows { lines.append("\(arrow.from) -> \(arrow.to)") }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// Reads Graphviz' `plain` format: inches, y upwards.
  static func parse(_ text: String, _ arrows: [(from: String, to: String)]) -> GraphLayout? {
    var layout = GraphLayout()
    var places: [String: [Int]] = [:]
    for (index, arrow) in arrows.enumerated().reversed() {
      places["\(arrow.from) \(arrow.to)", default: []].append(index)
    }
    var hasSize = false
    func number(_ word: Substring?) -> Double? { word.flatMap { Double($0) } }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "graph":
        guard words.count >= 4, let width = number(words[2]), let height = number(words[3]) else {
          return nil
        }
        layout.width = width * scale
        layout.height = height * scale
        hasSize = true
      case "node":
        guard hasSize, words.count >= 4, let x = number(words[2]), let y = number(words[3]) else {
          return nil
        }
        layout.boxes[String(words[1])] = GraphLayout.Point(
          x: x * scale, y: layout.height - y * scale)
      case "edge":
        guard hasSize, words.count >= 4, let count = Int(words[3]), count >= 4,
          words.count >= 4 + 2 * count, let index = places["\(words[1]) \(words[2])"]?.popLast()
        else { return nil }
        var points: [GraphLayout.Point] = []
        for place in 0..<count {
          guard let x = number(words[4 + 2 * place]), let y = number(words[5 + 2 * place]) else {
            return nil
          }
          points.append(GraphLayout.Point(x: x * scale, y: layout.height - y * scale))
        }
        layout.arrows[index] = points
      default: break
      }
    }
    return hasSize ? layout : nil
  }

  // MARK: The process

  private enum Run {
    case output(String)
    case missing
    case late
    case failed(String)
  }

  private func run(_ source: String) -> Run {
    let started = state.withLock { _ in start() }
    guard started.code == 0 else {
      return started.code == ENOENT
        ? .missing : .failed("\(program): " + String(cString: strerror(started.code)))
    }
    let end = Self.monotonic() + deadline
    Self.send(source, to: started.input)
    close(started.input)
    let text = Self.read(started.output, until: end)
    close(started.output)
    let status = Self.wait(for: started.child, until: text == nil ? 0 : end)
    guard let text, let status else { return .late }
    return status == 0 ? .output(text) : .failed("\(program) ended with status \(status >> 8)")
  }

  /// Starts a child with a socket to it, which raises no signal when the child does not read, and a
  /// pipe from it. One at a time, so that no child inherits
  /// another's pipes before they are marked as ours alone.
  private func start() -> (code: Int32, child: pid_t, input: Int32, output: Int32) {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    var child: pid_t = 0
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &input) == 0 else {
      return (errno, 0, -1, -1)
    }
    guard pipe(&output) == 0 else {
      let code = errno
      for descriptor in input { close(descriptor) }
      return (code, 0, -1, -1)
    }
    for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let code = spawn(&child, input[0], output[1])
    close(input[0])
    close(output[1])
    if code != 0 {
      close(input[1])
      close(output[0])
    }
    return (code, child, input[1], output[0])
  }

  private func spawn(_ child: inout pid_t, _ input: Int32, _ output: Int32) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // The server blocks the signals that end it and ignores a closed pipe; the child must not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &pipe)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    let words: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("-Tplain"), nil]
    let environment: [UnsafeMutablePointer<CChar>?] = [strdup("LC_ALL=C"), nil]
    defer { for text in words + environment { free(text) } }
    return posix_spawnp(&child, program, &actions, &attributes, words, environment)
  }

  /// A child that ended already is told by its status.
  private static func send(_ text: String, to socket: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// - Returns: nil where it took too long or was too much.
  private static func read(_ descriptor: Int32, until end: Int64) -> String? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < mostOutput {
      let left = end - monotonic()
      guard left > 0 else { return nil }
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&ready, 1, Int32(left))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      let got = Glibc.read(descriptor, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { return nil }
      if got == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<got]
    }
    return nil
  }

  /// Ends the child if it has not ended by then.
  ///
  /// - Returns: its status; nil where it had to be ended.
  private static func wait(for child: pid_t, until end: Int64) -> Int32? {
    var status: Int32 = 0
    while monotonic() < end {
      let done = waitpid(child, &status, WNOHANG)
      if done == child { return status }
      if done < 0, errno != EINTR { return nil }
      usleep(1000)
    }
    kill(child, SIGKILL)
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return nil
  }

  private static func monotonic() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
