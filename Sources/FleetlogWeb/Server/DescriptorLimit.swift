import Glibc

/// The number of files and sockets the process may have open.
enum DescriptorLimit {
  /// What the rest of the process is left with: database connections, watched and tailed files.
  private static let reserve = 256

  /// Raises the limit as far as `connections` need and the system lets this process raise it.
  static func makeRoom(forConnections connections: Int) throws(HTTPServerError) {
    let needed = rlim_t(connections + reserve)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < needed
    else { return }
    if limit.rlim_max >= needed {
      limit.rlim_cur = needed
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { return }
    }
    throw HTTPServerError(
      operation: "take on", place: "\(connections) connections",
      cause: "that needs \(needed) open files, and this process may have \(limit.rlim_max)",
      mend: "Raise the limit (ulimit -n \(needed)) or lower the connection limit.")
  }
}
