import FleetlogEvents
import Glibc

/// What a server leaves beside its log, so that processes on this machine find it.
///
/// A notice may outlive its server. That does no harm: who finds one asks at its address for the
/// log that it names, and a server of another log, or none, says no.
package struct ServerNotice: Sendable, Equatable {
  /// `http://127.0.0.1:7450`.
  package let url: String
  package let logID: String
  /// Whether the server answers only those who show the log's token.
  package let asksForToken: Bool
  /// The server's process.
  package let process: Int32

  package init(
    url: String, logID: String, asksForToken: Bool = false, process: Int32 = getpid()
  ) {
    self.url = url
    self.logID = logID
    self.asksForToken = asksForToken
    self.process = process
  }

  /// Reads a notice; nil where there is none, or none of a process that runs.
  package init?(at path: String) {
    guard let bytes = SmallFile.read(path), let root = try? JSONDocument(bytes).root,
      let url = root["url"]?.string, let logID = root["log_id"]?.string,
      let process = root["pid"]?.int.flatMap({ Int32(exactly: $0) }), process > 0,
      kill(process, 0) == 0 || errno == EPERM
    else { return nil }
    self.init(
      url: url, logID: logID, asksForToken: root["asks_for_token"]?.bool ?? false,
      process: process)
  }

  /// Reads the notice that stands beside a log.
  package init?(ofLog database: String) {
    self.init(at: LogPlaces.serverNotice(of: LogPlaces.absolute(database)))
  }

  /// Leaves the notice; what can't be written is done without.
  package func write(to path: String) {
    var object = JSONObject()
    object.set("url", url)
    object.set("pid", Int(process))
    object.set("log_id", logID)
    object.set("asks_for_token", asksForToken ? true : nil)
    SmallFile.replace(path, with: object.bytes + [0x0A])
  }

  /// Takes the notice away, if it is still this server's.
  package func remove(from path: String) {
    if ServerNotice(at: path) == self { unlink(path) }
  }
}

/// Files of a few bytes, read and replaced whole.
enum SmallFile {
  private static let limit = 64 << 10

  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = Glibc.read(descriptor, &bytes, limit)
    return count < 0 ? nil : Array(bytes.prefix(count))
  }

  static func replace(_ path: String, with bytes: [UInt8]) {
    let new = path + ".\(getpid())"
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    let count = write(descriptor, bytes, bytes.count)
    close(descriptor)
    if count != bytes.count || rename(new, path) != 0 { unlink(new) }
  }
}
