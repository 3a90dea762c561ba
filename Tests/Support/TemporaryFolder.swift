package import FleetlogIngest
import Foundation

/// A folder for one test, removed with everything in it when the test's closure returns.
package struct TemporaryFolder: Sendable {
  package let path: FilePath

  /// A folder that stands already, such as one inside another; whoever made it removes it.
  package init(path: FilePath) { self.path = path }

  /// Runs a test in a new folder.
  package static func with<Result>(_ body: (TemporaryFolder) throws -> Result) throws -> Result {
    let folder = try make()
    defer { folder.remove() }
    return try body(folder)
  }

  /// A new folder for a test that can't stand in a closure; the test calls ``remove()``.
  package static func make() throws -> TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("fleetlog-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    return TemporaryFolder(path: FilePath(url.path))
  }

  /// By `rm`, since names need not be text, and folders may be unreadable or nest deeply.
  package func remove() {
    let shell = ChildProcess()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", "chmod -R u+rwX \"$0\" 2>/dev/null; rm -rf \"$0\"", path.text]
    try? shell.run()
    shell.waitUntilExit()
  }

  package func path(_ name: String) -> FilePath { path.appending(name) }

  /// Writes a file anew, in place where it exists.
  @discardableResult
  package func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> FilePath {
    try put(Array(bytes), at: path(name), flags: O_WRONLY | O_CREAT | O_TRUNC)
  }

  @discardableResult
  package func write(_ name: String, _ text: String) throws -> FilePath {
    try write(name, text.utf8)
  }

  @discardableResult
  package func append(_ name: String, _ bytes: some Sequence<UInt8>) throws -> FilePath {
    try put(Array(bytes), at: path(name), flags: O_WRONLY | O_CREAT | O_APPEND)
  }

  @discardableResult
  package func append(_ name: String, _ text: String) throws -> FilePath {
    try append(name, text.utf8)
  }

  /// Overwrites bytes in the middle of a file.
  package func overwrite(_ name: String, at offset: Int64, _ bytes: [UInt8]) throws {
    let descriptor = open(path(name).text, O_WRONLY | O_CLOEXEC)
    try check(descriptor)
    defer { close(descriptor) }
    try check(Int32(pwrite(descriptor, bytes, bytes.count, off_t(offset))))
  }

  /// Cuts a file, or makes it longer by a hole.
  package func truncate(_ name: String, to size: Int64) throws {
    try check(Foundation.truncate(path(name).text, off_t(size)))
  }

  package func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: path(name).text, withIntermediateDirectories: true)
  }

  package func makeLink(_ name: String, to target: String) throws {
    try check(symlink(target, path(name).text))
  }

  package func makeFIFO(_ name: String) throws { try check(mkfifo(path(name).text, 0o600)) }

  /// Renames, replacing what stands there.
  package func move(_ name: String, to other: String) throws {
    try check(rename(path(name).text, path(other).text))
  }

  package func hardLink(_ name: String, to other: String) throws {
    try check(link(path(name).text, path(other).text))
  }

  package func copy(_ name: String, to other: String) throws {
    try write(other, Data(contentsOf: URL(fileURLWithPath: path(name).text)))
  }

  package func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path(name).text)
  }

  package func setMode(_ name: String, _ mode: UInt32) throws {
    try check(chmod(path(name).text, mode))
  }

  /// Writes a file under a name that need not be text.
  package func write(at path: FilePath, _ text: String) throws {
    try put(Array(text.utf8), at: path, flags: O_WRONLY | O_CREAT | O_TRUNC)
  }

  @discardableResult
  private func put(_ bytes: [UInt8], at path: FilePath, flags: Int32) throws -> FilePath {
    let name = path.bytes.map { CChar(bitPattern: $0) } + [0]
    let descriptor = open(name, flags | O_CLOEXEC, 0o644)
    try check(descriptor)
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      try check(Int32(clamping: count))
      written += count
    }
    return path
  }

  private func check(_ result: Int32) throws {
    if result < 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }
}
