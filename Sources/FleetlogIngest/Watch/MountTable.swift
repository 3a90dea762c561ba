import Glibc

/// Which file system a folder lies on, to know whether the kernel can tell of changes there and
/// whether it may hang.
///
/// What another machine writes to a network mount, no notice of this kernel tells. The type comes
/// from the mount table and not from the mount, which may not answer.
package struct MountTable {
  private(set) var types: [Int64: String] = [:]
  /// Where file systems are mounted that can't notify.
  private var silentPoints: Set<FilePath> = []

  /// The table as it is now; empty where the system has none.
  package static func current() -> MountTable {
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
      let type = String(fields[dash + 1])
      types[Self.device(major: numbers[0], minor: numbers[1])] = type
      if Self.isSilent(type) { silentPoints.insert(Self.path(fields[4])) }
    }
  }

  /// A mount point as the table writes it: blanks and the like as octal escapes.
  private static func path(_ field: Substring) -> FilePath {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return FilePath(bytes: bytes)
  }

  /// The type of a file system that can't notify, such as `nfs4`; nil for one that can.
  func silentType(ofDevice device: Int64) -> String? {
    guard let type = types[device], Self.isSilent(type) else { return nil }
    return type
  }

  private static func isSilent(_ type: String) -> Bool {
    silent.contains(type) || type.hasPrefix("fuse.") || type.hasPrefix("nfs")
  }

  /// Folders to watch, by the mount that may hang over them.
  package struct Split: Equatable {
    /// On the machine's own disks.
    package var local: [FilePath] = []
    /// By mount point. Mounts below a folder are folders of their own.
    package var silent: [FilePath: [FilePath]] = [:]
  }

  package func split(_ roots: [FilePath]) -> Split {
    var split = Split()
    for root in roots {
      let place = place(of: root)
      if let mount = mount(of: place) {
        split.silent[mount, default: []].append(root)
      } else {
        split.local.append(root)
      }
      for point in silentPoints where point.isWithin(place) && point != place {
        if !(split.silent[point] ?? []).contains(point) {
          split.silent[point, default: []].append(point)
        }
      }
    }
    return split
  }

  /// The mount of which a path would hang.
  private func mount(of path: FilePath) -> FilePath? {
    silentPoints.filter { path.isWithin($0) }.max { $0.bytes.count < $1.bytes.count }
  }

  /// Where a path leads, without looking into a mount that may hang.
  private func place(of path: FilePath) -> FilePath {
    guard !silentPoints.isEmpty else { return path }
    var waiting = Array(path.absolute.bytes.split(separator: 0x2F).reversed())
    var place = FilePath("/")
    var links = 0
    while let name = waiting.popLast() {
      if name.elementsEqual(".".utf8) { continue }
      if name.elementsEqual("..".utf8) {
        place = place.parent ?? place
        continue
      }
      let next = place.appending(name)
      guard mount(of: next) == nil, links < Self.mostLinks, let target = next.linkTarget else {
        place = next
        continue
      }
      links += 1
      if target.first == 0x2F { place = FilePath("/") }
      waiting += target.split(separator: 0x2F).reversed()
    }
    return place
  }

  /// As the kernel has it.
  private static let mostLinks = 40

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

extension FilePath {
  /// What a symbolic link holds; nil for anything else.
  fileprivate var linkTarget: [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        characters.baseAddress.map { readlink(cString, $0, characters.count) } ?? -1
      }
    }
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }
}
