import Glibc

/// What this process takes of its machine; nil where `/proc` does not tell.
struct ProcessGauges {
  /// Bytes.
  let residentMemory: Int64?
  let threads: Int64?
  let openFiles: Int?
  let mostOpenFiles: UInt64?
  /// Seconds of processor time, in user and kernel mode.
  let processorTime: Double

  static func now() -> ProcessGauges {
    let status = fields(of: "/proc/self/status")
    var limit = rlimit()
    let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return ProcessGauges(
      residentMemory: status["VmRSS"].map { $0 * 1024 }, threads: status["Threads"],
      openFiles: descriptors(), mostOpenFiles: isLimited ? UInt64(limit.rlim_cur) : nil,
      processorTime: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }

  /// The numbers of a file of lines such as `VmRSS:   1234 kB`.
  private static func fields(of path: String) -> [String: Int64] {
    guard let file = fopen(path, "re") else { return [:] }
    defer { fclose(file) }
    var fields: [String: Int64] = [:]
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { line in
      while let base = line.baseAddress, fgets(base, Int32(line.count), file) != nil {
        let parts = String(cString: base).split(whereSeparator: { ":\t\n ".contains($0) })
        guard parts.count > 1, let number = Int64(parts[1]) else { continue }
        fields[String(parts[0])] = number
      }
    }
    return fields
  }

  private static func descriptors() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without ".", ".." and the folder that is being listed.
    return count - 3
  }
}
