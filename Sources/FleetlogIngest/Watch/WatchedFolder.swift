/// A folder as the watching thread knows it.
final class WatchedFolder {
  /// How changes in the folder come to light.
  enum Notice: Equatable {
    /// Not at all yet, or only by the rescan.
    case none
    /// By the kernel, under the number of a watch.
    case watch(Int32)
    case poll(WatchStatus.PollReason)
  }

  let path: FilePath
  let name: FolderName
  /// Nil for a root.
  private(set) weak var parent: WatchedFolder?
  var files: [FolderName: FileStamp] = [:]
  var folders: [FolderName: WatchedFolder] = [:]
  var otherFiles = 0
  var notice = Notice.none
  /// Whether it waits to be listed.
  var isQueued = false
  var isRemoved = false

  init(root path: FilePath) {
    self.path = path
    name = FolderName([])
  }

  init(_ name: FolderName, in parent: WatchedFolder) {
    path = parent.path.appending(name.bytes)
    self.name = name
    self.parent = parent
  }

  var isWatched: Bool {
    if case .watch = notice { true } else { false }
  }

  var isRoot: Bool { name.bytes.isEmpty }

  /// The folder and everything below it. Not by recursion: what nests deeply is hostile.
  var subtree: [WatchedFolder] {
    var all = [self]
    var index = 0
    while index < all.count {
      all += all[index].folders.values
      index += 1
    }
    return all
  }
}
