package import FleetlogEvents
import Glibc

/// Which process something is: its number, and what tells it from any other of that number.
package struct ProcessMark: Sendable, Equatable {
  package let id: Int32
  /// When it began, in clock ticks since the machine did.
  private let startedAt: Int
  private let host: String
  /// Where its number counts: this start of the machine, and the container.
  private let boot: String
  private let namespace: String

  /// What the check of a process can come to.
  package enum Standing: Sendable {
    case alive, gone
    /// Its number means nothing here.
    case elsewhere
  }

  /// - Returns: nil for a process that is not there, or where the system does not tell.
  package init?(of id: Int32) {
    guard let stat = Self.stat(id), let startedAt = stat.startedAt, let host = Host.name,
      let boot = Self.boot, let namespace = Self.namespace
    else { return nil }
    self.id = id
    self.startedAt = startedAt
    self.host = host
    self.boot = boot
    self.namespace = namespace
  }

  package static var own: ProcessMark? { ProcessMark(of: getpid()) }

  /// A mark as an event's payload holds it.
  package init?(_ value: JSONValue) {
    guard let number = value["pid"]?.int, let id = Int32(exactly: number), id > 0,
      let startedAt = value["started_ticks"]?.int, let host = value["host"]?.string,
      let boot = value["boot_id"]?.string, let namespace = value["pid_namespace"]?.string
    else { return nil }
    self.id = id
    self.startedAt = startedAt
    self.host = host
    self.boot = boot
    self.namespace = namespace
  }

  package var json: JSONObject {
    var object = JSONObject()
    object.set("pid", Int(id))
    object.set("started_ticks", startedAt)
    object.set("host", host)
    object.set("boot_id", boot)
    object.set("pid_namespace", namespace)
    return object
  }

  /// Names the process among all of all machines.
  package var fingerprint: String { "\(boot):\(id):\(startedAt)" }

  /// Whether the process is still there. One that has ended and waits for its parent to notice is
  /// gone; one of the same number that began at another time is not this one.
  package var standing: Standing {
    guard host == Host.name, boot == Self.boot, namespace == Self.namespace else {
      return .elsewhere
    }
    if kill(id, 0) != 0, errno == ESRCH { return .gone }
    guard let stat = Self.stat(id) else { return access("/proc/self", F_OK) == 0 ? .gone : .alive }
    return stat.isDead || stat.startedAt != startedAt ? .gone : .alive
  }

  /// The process that an agent's hook was started by: the nearest ancestor that is no shell.
  package static var caller: ProcessMark? {
    var id = getppid()
    for _ in 0..<8 where id > 1 {
      guard let stat = stat(id) else { return nil }
      if !shells.contains(stat.name) { return ProcessMark(of: id) }
      id = stat.parent
    }
    return nil
  }

  private static let shells: Set<String> = [
    "sh", "bash", "dash", "zsh", "ash", "ksh", "fish", "busybox", "env", "timeout",
  ]

  /// ms since the Unix epoch at which this machine started; no process is older.
  package static var machineStartedAt: Int64 {
    let lines = text("/proc/stat")?.split(separator: "\n") ?? []
    let seconds = lines.first { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst(6)) }
    return (seconds ?? 0) * 1000
  }

  private static var boot: String? {
    text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { $0 != "\n" }) }
  }

  private static var namespace: String? {
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  private struct Stat {
    let name: String
    let parent: Int32
    let isDead: Bool
    let startedAt: Int?
  }

  /// The line that the system has of a process. A program's name in it may hold anything, so that
  /// fields are counted from its end.
  private static func stat(_ id: Int32) -> Stat? {
    guard let text = text("/proc/\(id)/stat"), let open = text.firstIndex(of: "("),
      let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(whereSeparator: \.isWhitespace)
    guard fields.count > 19, let parent = Int32(fields[1]) else { return nil }
    return Stat(
      name: String(text[text.index(after: open)..<close]), parent: parent,
      isDead: ["Z", "X", "x"].contains(fields[0]), startedAt: Int(fields[19]))
  }

  /// The beginning of a small file of the system's.
  private static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 8192)
    while bytes.count < 1 << 20 {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
