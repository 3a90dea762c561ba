import Glibc

/// Which file system a folder lies on, to know whether the kernel can tell of changes there.
///
/// What another machine writes to a network mount, no notice of this kernel tells. The type comes
/// from the mount table and not from the mount, which may hang.
struct MountTable {
  private(set) var types: [Int64: String] = [:]

  /// The table as it is now; empty where the system has none.
  static func current() -> MountTable {
    guard let file = fopen("/proc/self/mountinfo", "re") else { return MountTable(text: "") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return MountTable(text: String(decoding: bytes, as: UTF8.self))
  }

  /// - Parameter text: lines such as `36 35 98:0 / /mnt rw master:1 - ext3 /dev/root rw`.
  init(text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
      else { continue }
      let numbers = fields[2].split(separator: ":").compactMap { UInt64($0) }
      guard numbers.count == 2 else { continue }
      types[Self.device(major: numbers[0], minor: numbers[1])] = String(fields[dash + 1])
    }
  }

  /// The type of a file system that can't notify, such as `nfs4`; nil for one that can.
  func silentType(ofDevice device: Int64) -> String? {
    guard let type = types[device] else { return nil }
    let isSilent =
      Self.silent.contains(type) || type.hasPrefix("fuse.") || type.hasPrefix("nfs")
    return isSilent ? type : nil
  }

  private static let silent: Set<String> = [
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "lustre", "ocfs2",
    "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
  ]

  /// A device number as `stat` gives it.
  static func device(major: UInt64, minor: UInt64) -> Int64 {
    Int64(
      bitPattern: (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xff) << 12
        | (major & ~0xfff) << 32)
  }
}
