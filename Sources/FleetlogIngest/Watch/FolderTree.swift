/// The folders below the roots, kept in step with the disk.
///
/// All that may have changed ends in one queue of folders to list, be it a new folder, a poll or
/// a rescan; a folder waits there once, however often it is asked for. Listing compares with what
/// is known and notes the difference in ``changes``.
final class FolderTree {
  private let inotify: Inotify?
  private let unavailable: WatchStatus.PollReason?
  private let options: DirectoryWatcher.Options
  private var byWatch: [Int32: WatchedFolder] = [:]
  private var polled: [ObjectIdentifier: WatchedFolder] = [:]
  private var passedOver: [FilePath: [PassedOver]] = [:]
  private var isPassedOverStale = false
  private var silentTypes: [Int64: String?] = [:]
  private var queue: [WatchedFolder] = []
  private var queueHead = 0

  /// What was noticed and not handed on yet.
  var changes: [FileChange] = []
  /// Whether a root went away since this was last cleared.
  var hasLostRoot = false
  private(set) var status = WatchStatus()

  init(inotify: Inotify?, failure: String?, options: DirectoryWatcher.Options) {
    self.inotify = inotify
    self.unavailable = failure.map { .noNotices($0) }
    self.options = options
  }

  // MARK: Roots

  func open(_ path: FilePath) -> WatchedFolder {
    let folder = WatchedFolder(root: path)
    enqueue(folder)
    return folder
  }

  /// - Parameter silently: the files stay where they are, and another root takes them over.
  func remove(_ folder: WatchedFolder, silently: Bool = false) {
    for gone in folder.subtree {
      gone.isRemoved = true
      setNotice(.none, of: gone)
      passOver([], in: gone)
      status.otherFiles -= gone.otherFiles
      status.filesKnown -= gone.files.count
      if silently { continue }
      for name in gone.files.keys {
        changes.append(FileChange(path: gone.path.appending(name.bytes), stamp: nil))
      }
    }
    folder.parent?.folders[folder.name] = nil
    if folder.isRoot { hasLostRoot = true }
  }

  // MARK: The queue

  var isSettled: Bool { queueHead == queue.count }

  func enqueue(_ folder: WatchedFolder) {
    guard !folder.isQueued, !folder.isRemoved else { return }
    folder.isQueued = true
    queue.append(folder)
  }

  func enqueuePolled() { polled.values.forEach(enqueue) }

  func enqueueAll(below roots: [WatchedFolder]) {
    silentTypes = [:]
    for root in roots { root.subtree.forEach(enqueue) }
  }

  /// The next folder to list; nil where none waits.
  func dequeue() -> WatchedFolder? {
    guard queueHead < queue.count else { return nil }
    let folder = queue[queueHead]
    queueHead += 1
    if queueHead == queue.count {
      queue.removeAll(keepingCapacity: false)
      queueHead = 0
    }
    folder.isQueued = false
    return folder
  }

  // MARK: Listing

  /// Watches a folder, then lists it.
  func visit(_ folder: WatchedFolder) {
    guard !folder.isRemoved else { return }
    watch(folder)
    switch FolderEntries.read(folder.path, where: options.isCandidate) {
    case .success(let entries): take(entries, into: folder)
    case .failure(let error):
      switch error.cause {
      case .missing, .notAFile, .linked: remove(folder)
      case .denied, .system, .malformed, .alone:
        passOver([PassedOver(folder.path, .unreadable(error))], in: folder)
      }
    }
  }

  private func take(_ entries: FolderEntries, into folder: WatchedFolder) {
    for (name, stamp) in entries.files where folder.files[name] != stamp {
      changes.append(FileChange(path: folder.path.appending(name.bytes), stamp: stamp))
    }
    for name in folder.files.keys where entries.files[name] == nil {
      changes.append(FileChange(path: folder.path.appending(name.bytes), stamp: nil))
    }
    status.filesKnown += entries.files.count - folder.files.count
    status.otherFiles += entries.otherFiles - folder.otherFiles
    folder.files = entries.files
    folder.otherFiles = entries.otherFiles
    passOver(entries.passedOver, in: folder)
    let names = Set(entries.folders)
    for (name, child) in folder.folders where !names.contains(name) { remove(child) }
    for name in names where folder.folders[name] == nil { add(name, to: folder) }
  }

  private func add(_ name: FolderName, to folder: WatchedFolder) {
    if !options.otherMounts.isEmpty,
      options.otherMounts.contains(folder.path.appending(name.bytes))
    {
      return
    }
    guard TranscriptName.mayStand(in: name.bytes, of: folder.path) else { return }
    let child = folder.folders[name] ?? WatchedFolder(name, in: folder)
    folder.folders[name] = child
    enqueue(child)
  }

  // MARK: Notices

  private func watch(_ folder: WatchedFolder) {
    if let type = silentType(of: folder) { return setNotice(.poll(.fileSystem(type)), of: folder) }
    guard let inotify else {
      return setNotice(unavailable.map { .poll($0) } ?? .none, of: folder)
    }
    if byWatch.count >= options.maximumWatches, !folder.isWatched {
      return setNotice(.poll(.watchLimit), of: folder)
    }
    do throws(Inotify.Refusal) {
      setNotice(.watch(try inotify.add(folder.path)), of: folder)
    } catch {
      switch error {
      case .limit: setNotice(.poll(.watchLimit), of: folder)
      case .system(let code): setNotice(.poll(.noNotices(SystemError.text(code))), of: folder)
      case .unreadable, .missing: setNotice(.none, of: folder)
      }
    }
  }

  private func silentType(of folder: WatchedFolder) -> String? {
    guard case .success(let node) = FileNode.at(folder.path) else { return nil }
    let device = node.stamp.identity.device
    if let known = silentTypes[device] { return known }
    let type = MountTable.current().silentType(ofDevice: device)
    silentTypes[device] = .some(type)
    return type
  }

  private func setNotice(_ notice: WatchedFolder.Notice, of folder: WatchedFolder) {
    let last = folder.notice
    // A folder that moved keeps its watch: then the number belongs to the new place already.
    if case .watch(let number) = notice, byWatch[number] !== folder {
      if let mover = byWatch[number] { mover.notice = .none }
      byWatch[number] = folder
    }
    guard last != notice else { return }
    folder.notice = notice
    switch last {
    case .none: break
    case .watch(let number):
      byWatch[number] = nil
      inotify?.remove(number)
    case .poll(let reason):
      polled[ObjectIdentifier(folder)] = nil
      status.foldersPolled[reason, default: 0] -= 1
      if status.foldersPolled[reason] == 0 { status.foldersPolled[reason] = nil }
    }
    if case .poll(let reason) = notice {
      polled[ObjectIdentifier(folder)] = folder
      status.foldersPolled[reason, default: 0] += 1
    }
  }

  var isPolling: Bool { !polled.isEmpty }

  func isWatched(_ number: Int32) -> Bool { byWatch[number] != nil }

  // MARK: Events

  /// - Returns: whether the kernel lost events, so that everything must be listed again.
  func handle(_ events: [Inotify.Event]) -> Bool {
    var touched: [ObjectIdentifier: (folder: WatchedFolder, names: Set<FolderName>)] = [:]
    var hasLostEvents = false
    for event in events {
      if event.mask.contains(.overflow) { hasLostEvents = true }
      guard let folder = byWatch[event.watch] else { continue }
      if event.mask.contains(.ignored) {
        byWatch[event.watch] = nil
        folder.notice = .none
        enqueue(folder)
      } else if !event.mask.isDisjoint(with: [.selfDeleted, .selfMoved, .unmounted]) {
        if folder.isRoot { remove(folder) }
      } else if event.mask.contains(.isFolder) || event.name.bytes.isEmpty {
        folderChanged(event, in: folder)
      } else {
        let name = TranscriptName.source(of: event.name.bytes)
        guard options.isCandidate(name, folder.path) else { continue }
        touched[ObjectIdentifier(folder), default: (folder, [])].names.insert(FolderName(name))
      }
    }
    for (folder, names) in touched.values where !folder.isRemoved {
      for name in names { touch(name, in: folder) }
    }
    return hasLostEvents
  }

  private func folderChanged(_ event: Inotify.Event, in folder: WatchedFolder) {
    if event.name.bytes.isEmpty {
      enqueue(folder)
    } else if !event.mask.isDisjoint(with: [.created, .movedTo]) {
      add(event.name, to: folder)
    } else if let child = folder.folders[event.name] {
      if event.mask.contains(.attributes) { enqueue(child) } else { remove(child) }
    }
  }

  /// An event is proof of a change by itself: an overwrite within one tick of the file system's
  /// clock leaves size and times as they were.
  private func touch(_ name: FolderName, in folder: WatchedFolder) {
    let path = folder.path.appending(name.bytes)
    if case .success(let node) = FileNode.at(path) {
      if case .file = node.kind {
        let stamp = node.stamp.ofSource(at: path)
        if folder.files.updateValue(stamp, forKey: name) == nil { status.filesKnown += 1 }
        return changes.append(FileChange(path: path, stamp: stamp))
      }
      enqueue(folder)
    }
    if folder.files.removeValue(forKey: name) != nil {
      status.filesKnown -= 1
      changes.append(FileChange(path: path, stamp: nil))
    }
  }

  // MARK: Status

  private func passOver(_ found: [PassedOver], in folder: WatchedFolder) {
    guard passedOver[folder.path] ?? [] != found else { return }
    passedOver[folder.path] = found.isEmpty ? nil : found
    isPassedOverStale = true
  }

  /// The figures of now; roots and what concerns the loop are not the tree's.
  func currentStatus() -> WatchStatus {
    status.foldersWatched = byWatch.count
    if isPassedOverStale {
      isPassedOverStale = false
      status.passedOverCount = passedOver.values.reduce(0) { $0 + $1.count }
      status.passedOver = Array(
        passedOver.sorted { $0.key < $1.key }.flatMap(\.value).prefix(WatchStatus.passedOverShown))
    }
    return status
  }
}
