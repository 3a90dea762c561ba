import Glibc

/// The number of files and sockets the process may have open.
enum DescriptorLimit {
  /// What the rest of the process is left with: database connections, watched and tailed files.
  private static let reserve = 256
  /// With fewer connections than this no browser could load a page.
  private static let fewestConnections = 8

  /// Raises the limit as far as `wanted` connections need and the system lets this process raise it.
  ///
  /// - Returns: how many connections there is room for, `wanted` at most.
  static func room(forConnections wanted: Int) throws(HTTPServerError) -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    let needed = rlim_t(wanted + reserve)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < needed else { return wanted }
    limit.rlim_cur = min(needed, limit.rlim_max)
    guard setrlimit(resource, &limit) == 0, getrlimit(resource, &limit) == 0 else { return wanted }
    let allowed = Int(clamping: limit.rlim_cur)
    // Of a small limit the rest of the process still needs the larger part.
    let room = min(wanted, allowed - min(reserve, allowed * 5 / 8))
    if room >= fewestConnections { return room }
    throw HTTPServerError(
      operation: "take on", place: "connections",
      cause: "this process may have no more than \(allowed) files and sockets open",
      mend: "Raise the limit (ulimit -n 1024).")
  }
}
