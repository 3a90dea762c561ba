import FleetlogClient
import FleetlogEvents
import FleetlogIngest
import FleetlogThreads
import Foundation

/// Takes one document from an agent's hook and writes it down for the server to read, whether one
/// runs or not.
///
/// It runs inside the agent's own work, so it must neither hold that up nor be heard: it prints
/// nothing, succeeds whatever happens, and ends within ``patience``. What can't be written is lost.
/// Who gives it no document and words that no agent's settings have is a person, and is told.
struct HookReceiver {
  /// ms that an agent may be kept waiting, for its own input or for a disk that hangs.
  static let patience: Int64 = 2000
  /// Bytes of a document that are read; of a longer one only that it came is noted.
  static let documentLimit = 8 << 20
  /// Bytes of a document that are kept as they stand; of a longer one each text is cut.
  static let wholeLimit = 64 << 10

  private let agent: String?
  private let inbox: String
  /// The document, where it came as an argument.
  private let argument: String?
  /// A program to go on to, which gets the document too.
  private let next: [String]
  /// Whether the words are an agent's own, as its settings have them: a person's name no agent, or
  /// hold something that is none of the hook's.
  private let areAgents: Bool

  /// - Parameter words: the arguments behind the verb. What is not understood is passed over, as
  ///   a settings file may be older or newer than the program.
  init(_ words: [String], environment: [String: String]) {
    var agent = environment["FLEETLOG_AGENT"]
    var inbox = Places.inbox
    var argument: String?
    var isStrange = false
    let mark = words.firstIndex(of: "--") ?? words.endIndex
    var next = Array(words[mark...].dropFirst())
    var rest = words[..<mark]
    while let word = rest.popFirst() {
      switch word {
      case "--agent": agent = rest.popFirst()
      case "--inbox": inbox = rest.popFirst() ?? inbox
      default:
        if word.hasPrefix("--agent=") {
          agent = String(word.dropFirst(8))
        } else if word.hasPrefix("--inbox=") {
          inbox = String(word.dropFirst(8))
        } else if word.hasPrefix("{") {
          argument = word
        } else {
          isStrange = true
        }
      }
    }
    if next.count > 1, next.last?.first == "{" { argument = next.removeLast() }
    self.agent = agent
    self.inbox = inbox
    self.argument = argument
    self.next = next
    areAgents = !next.isEmpty || (agent != nil && !isStrange)
  }

  /// Takes the document; ends the process without a word where that takes too long.
  ///
  /// - Returns: false where there was none and the words are no agent's: a person is to be told.
  func run() -> Bool {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGALRM) { _ in _exit(0) }
    // Whoever starts hooks may have blocked signals for itself, which is inherited.
    var alarms = sigset_t()
    sigemptyset(&alarms)
    sigaddset(&alarms, SIGALRM)
    sigprocmask(SIG_UNBLOCK, &alarms, nil)
    alarm(UInt32(Self.patience / 1000) + 1)
    let bytes = argument.map { Array($0.utf8) } ?? Self.readInput()
    if bytes.isEmpty, !areAgents {
      alarm(0)
      return false
    }
    if !bytes.isEmpty {
      let (line, session) = HookLine.write(
        bytes, agent: agent, at: Clock.now(), process: ProcessMark.caller)
      HookFile.append(line, inbox: inbox, name: HookFile.name(agent: agent, session: session))
    }
    goOn()
    return true
  }

  /// All of standard input, or the beginning of it; ends with the input, or as soon as nothing
  /// follows a whole document, or when the time is up.
  private static func readInput() -> [UInt8] {
    let deadline = MonotonicClock.now + patience
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let left = deadline - MonotonicClock.now
      guard left > 0 else { return bytes }
      var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      // Whoever does not close the input after a document is not waited for.
      let ready = poll(&input, 1, Int32(bytes.isEmpty ? left : min(left, 100)))
      if ready == 0, !bytes.isEmpty, (try? JSONDocument(bytes)) != nil { return bytes }
      if ready == 0 { continue }
      let count = read(0, &buffer, buffer.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return bytes }
      // The rest of a document that is too long is read all the same, lest its writer fail.
      if bytes.count <= documentLimit { bytes += buffer[..<count] }
    }
  }

  /// Becomes the program that stood in the agent's settings before, if one did.
  private func goOn() {
    guard !next.isEmpty else { return }
    alarm(0)
    signal(SIGALRM, SIG_DFL)
    let words = next + [argument].compactMap { $0 }
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    guard let program = pointers[0] else { return }
    _ = execvp(program, &pointers)
  }
}

/// The line that a hook's document becomes.
enum HookLine {
  /// - Parameters:
  ///   - agent: nil where the command does not name it.
  ///   - at: ms since the Unix epoch.
  ///   - process: the agent's; told where a session starts.
  /// - Returns: the line with its newline, and the session that the document names.
  static func write(
    _ bytes: [UInt8], agent: String?, at: Int64, process: ProcessMark? = nil
  ) -> (line: [UInt8], session: String?) {
    var object = JSONObject()
    object.set("fleetlog_hook", 1)
    object.set("agent", agent)
    object.set("at", at)
    var session: String?
    if bytes.count > HookReceiver.documentLimit {
      object.set("refused", "a hook's document of more than \(HookReceiver.documentLimit) bytes")
    } else if let root = try? JSONDocument(bytes).root, root.isObject {
      session = root["session_id"]?.string ?? root["thread-id"]?.string
      if root["hook_event_name"]?.string == "SessionStart" { object.set("process", process?.json) }
      object.set("document", json: document(root))
    } else {
      object.set("refused", "a hook's input that is no JSON object")
      object.set("input", String(decoding: bytes.prefix(2000), as: UTF8.self))
    }
    return (object.bytes + [0x0A], session)
  }

  /// The document on one line; a newline in it can only stand between two values.
  private static func document(_ root: JSONValue) -> String {
    guard root.sourceBytes.count > HookReceiver.wholeLimit else {
      return String(
        decoding: root.sourceBytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
    }
    let cap = TextCap.sha256(limit: 4096)
    var cut = JSONObject()
    for member in root.members where !cut.contains(member.key) {
      var value = JSONObject()
      value.set("value", root[member.key], cap: cap)
      if value.bytes.count <= HookReceiver.wholeLimit {
        cut.set(member.key, root[member.key], cap: cap)
      } else {
        cut.set(member.key, cap.cut(member.value.source))
      }
    }
    return cut.text
  }
}

/// Files of hooks below the drop folder, one a session, so that a session's last word is known
/// when its file is quiet.
enum HookFile {
  static let folder = "hooks"

  /// The file's name; what a session is called is the agent's to say, and must not lead elsewhere.
  static func name(agent: String?, session: String?) -> String {
    func plain(_ text: String?) -> String? {
      guard let text, !text.isEmpty, text.utf8.count <= 100,
        text.utf8.allSatisfy({ byte in
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
        })
      else { return nil }
      return text
    }
    let parts = [plain(agent), plain(session) ?? "other"].compactMap { $0 }
    return parts.joined(separator: "-") + ".jsonl"
  }

  /// Adds a line with one write, which the kernel does not mix with another process's.
  static func append(_ line: [UInt8], inbox: String, name: String) {
    let folder = inbox + "/" + folder
    let path = folder + "/" + name
    let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    var descriptor = open(path, flags, 0o600)
    if descriptor < 0, errno == ENOENT {
      makeFolders(folder)
      descriptor = open(path, flags, 0o600)
    }
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    var bytes = line
    var last: UInt8 = 0x0A
    if status.st_size > 0 { _ = pread(descriptor, &last, 1, status.st_size - 1) }
    // What a full disk cut short costs that line only.
    if last != 0x0A { bytes.insert(0x0A, at: 0) }
    _ = write(descriptor, bytes, bytes.count)
  }

  private static func makeFolders(_ path: String) {
    var made = ""
    for part in path.split(separator: "/") {
      made += (path.hasPrefix("/") || !made.isEmpty ? "/" : "") + part
      mkdir(made, 0o700)
    }
  }
}
