import Foundation

/// How much memory this process may take, where somebody limits it to less than it may need.
///
/// Nothing can be said once it is used up: a control group has the process killed, and without
/// addresses Swift's runtime ends it, at times before it has found the memory to say why. So it is
/// said at the start.
struct MemoryLimit: Equatable {
  /// What limits it, as a person who can raise it knows it.
  let place: String
  let bytes: UInt64

  /// A first import of 438 MB of transcript went through with 256 MiB in a control group; reserving
  /// addresses that are never used, it needs more of those.
  private static let enough = (memory: UInt64(256) << 20, addresses: UInt64(1) << 30)

  /// The limits that are too low, at most one of a kind.
  static func low(
    groups: [MemoryLimit] = MemoryLimit.groups(), addresses: UInt64? = MemoryLimit.addresses
  ) -> [MemoryLimit] {
    let group = groups.min { $0.bytes < $1.bytes }
    return [
      group.flatMap { $0.bytes < enough.memory ? $0 : nil },
      addresses.flatMap { bytes in
        bytes < enough.addresses
          ? MemoryLimit(place: "the limit of addresses, ulimit -v", bytes: bytes) : nil
      },
    ].compactMap { $0 }
  }

  var fields: KeyValuePairs<String, String> {
    [
      "memory": "\(bytes >> 20) MiB", "cause": place,
      "mend": "raise it; if it is used up, the process ends and goes on where it was when it is "
        + "started again",
    ]
  }

  static let sentence = "a first import may need more memory than this process may take"

  /// Bytes of address space; nil where they are not limited.
  private static var addresses: UInt64? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
    return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
  }

  /// The limits of the control groups that this process is in, of both versions.
  ///
  /// - Parameters:
  ///   - membership: what `/proc/self/cgroup` says.
  ///   - root: where the groups are mounted.
  static func groups(
    membership: String? = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
    root: String = "/sys/fs/cgroup"
  ) -> [MemoryLimit] {
    var limits: [MemoryLimit] = []
    for line in (membership ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let (mount, file): (String, String)
      if parts[0] == "0" {
        (mount, file) = (root, "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        (mount, file) = (root + "/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      // A group's limit holds for those in it too.
      var group = String(parts[2])
      while group.count > 1 {
        let place = mount + group + "/" + file
        if let text = try? String(contentsOfFile: place, encoding: .utf8),
          let bytes = UInt64(text.filter { !$0.isWhitespace })
        {
          limits.append(MemoryLimit(place: place, bytes: bytes))
        }
        group = (group as NSString).deletingLastPathComponent
      }
    }
    return limits
  }
}
