import Glibc

/// Why a file or folder could not be read: which operation, where, why, and what mends it.
package struct ReadError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Cause: Sendable, Equatable {
    /// Nothing stands at the path (any more).
    case missing
    case denied
    /// Not a regular file: a folder, a symbolic link, a device, a FIFO or a socket.
    case notAFile
    /// A folder above it is a symbolic link, or was one when it was opened.
    case linked
    /// A document or archive that can't be read as it stands, for this reason; it may be half
    /// written, and is read again when it changes.
    case malformed(String)
    /// What it belongs to is not there, or half written, which passes by itself where both are being
    /// written.
    case alone(String)
    /// Anything else that the system reports, such as EIO of a failing disk.
    case system(errno: Int32)
  }

  package let operation: String
  package let path: FilePath
  package let cause: Cause

  package init(operation: String, path: FilePath, cause: Cause) {
    self.operation = operation
    self.path = path
    self.cause = cause
  }

  init(operation: String, path: FilePath, errno code: Int32) {
    let cause: Cause =
      switch code {
      case ENOENT, ENOTDIR: .missing
      case EACCES, EPERM: .denied
      case ELOOP: .notAFile
      default: .system(errno: code)
      }
    self.init(operation: operation, path: path, cause: cause)
  }

  package var description: String { "can't \(operation) \(path): \(detail)" }

  /// The cause and its mend, for a list that shows the path itself.
  package var detail: String {
    switch cause {
    case .missing: "there is nothing at this path; it may have been moved or deleted"
    case .denied: "permission denied; let the user that runs fleetlog read it"
    case .notAFile: "not a regular file; only regular files are read"
    case .linked:
      "a symbolic link leads to it, and links are not followed; watch the folder that it leads to"
    case .malformed(let reason): "\(reason); it is read again when it changes"
    case .alone(let reason):
      "\(reason); it is tried again for a minute after it was written, and when it changes"
    case .system(let code): "\(SystemError.text(code)); check the disk or the mount"
    }
  }
}

/// What the system calls an error.
enum SystemError {
  static func text(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
