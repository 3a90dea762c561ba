import FleetlogEvents
import Glibc

/// The file that holds the token of a log: whoever may read the file may read the log.
///
/// It stands beside the log, so that programs of the log's own user find it, and is readable by
/// that user alone. A file that others may read is not taken for one.
package struct TokenFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package static func path(of database: String) -> String { database + "-token" }

  /// Tells secrets of this kind from every other; see `SecretShapes`.
  private static let prefix = "fleetlog_"

  /// Why there is no token.
  package enum Trouble: Error, Sendable, Equatable {
    case missing
    /// Not this user's, or readable by others.
    case notPrivate
    case empty
    case system(String)

    /// Continues a sentence about the file.
    package var explanation: String {
      switch self {
      case .missing: "there is none"
      case .notPrivate:
        "it is another user’s or readable by others: chmod 600 it, or fleetlog token renew makes "
          + "another in its place"
      case .empty: "there is no token of at least 16 characters in it"
      case .system(let reason): reason
      }
    }
  }

  package func read() throws(Trouble) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing : .system(String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0,
      status.st_uid == geteuid()
    else { throw .notPrivate }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw .system(String(cString: strerror(errno))) }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self).trimmed
    // Chosen by a person, it may be any word; a short one could be guessed.
    guard text.utf8.count >= 16, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .empty
    }
    return text
  }

  /// Reads the token, and makes one if there is none.
  package func readOrMake() throws(Trouble) -> String {
    do throws(Trouble) {
      return try read()
    } catch .missing {
      return try write(isNew: true)
    }
  }

  /// Puts a new token in the old one's place.
  package func renew() throws(Trouble) -> String { try write(isNew: false) }

  /// - Parameter isNew: another process that makes one at the same time has its own kept.
  private func write(isNew: Bool) throws(Trouble) -> String {
    let digits = (0..<4).map { _ in Self.hexadecimal(.random(in: .min ... .max)) }.joined()
    let token = Self.prefix + digits
    let draft = path + ".\(getpid())"
    // Left by a process that died, if it is there.
    unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system(String(cString: strerror(errno))) }
    defer { unlink(draft) }
    let bytes = Array((token + "\n").utf8)
    let isWritten =
      Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten else { throw .system("it can’t be written whole") }
    guard isNew else {
      guard rename(draft, path) == 0 else { throw .system(String(cString: strerror(errno))) }
      return token
    }
    if link(draft, path) == 0 { return token }
    guard errno == EEXIST else { throw .system(String(cString: strerror(errno))) }
    return try read()
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
