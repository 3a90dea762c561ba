import FleetlogClient
import Glibc

/// Keeps what a command writes as a transcript: a line that names the run, then the bytes.
///
/// It is made when there is something to keep. What can't be kept costs the command nothing.
/// One thread uses it.
final class CaptureFile {
  private let folder: String
  private let path: String
  private let header: [UInt8]
  private let limit: Int64
  private var descriptor: Int32 = -1
  private var hasFailed = false
  private var kept: Int64 = 0
  private var last: UInt8 = 0x0A

  /// Whether more was written than is kept.
  private(set) var isCut = false

  /// - Parameter limit: bytes that are kept at most.
  init(folder: String, name: String, header: [UInt8], limit: Int64) {
    self.folder = folder
    path = folder + "/" + name + ".capture"
    self.header = header
    self.limit = limit
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !hasFailed, limit > 0, !bytes.isEmpty else { return }
    if descriptor < 0, !open() { return }
    let count = Int(min(Int64(bytes.count), limit - kept))
    if count < bytes.count { isCut = true }
    guard count > 0, put(UnsafeRawBufferPointer(rebasing: bytes[..<count])) else { return }
    kept += Int64(count)
    last = bytes[count - 1]
  }

  /// Ends the last line, so that it is read as one.
  func finish() {
    guard descriptor >= 0 else { return }
    if last != 0x0A, !hasFailed { _ = [0x0A as UInt8].withUnsafeBytes { put($0) } }
    close(descriptor)
    descriptor = -1
  }

  private func open() -> Bool {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    descriptor = Glibc.open(path, flags, 0o600)
    if descriptor < 0, errno == ENOENT {
      LogPlaces.makeFolder(folder)
      descriptor = Glibc.open(path, flags, 0o600)
    }
    hasFailed = descriptor < 0
    return !hasFailed && header.withUnsafeBytes { put($0) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        hasFailed = true
        isCut = true
        return false
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }
}
