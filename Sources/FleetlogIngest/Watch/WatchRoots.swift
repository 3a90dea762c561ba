import Glibc

/// The roots, whether they exist or are waited for.
final class WatchRoots {
  private struct Root {
    let given: FilePath
    var folder: WatchedFolder?
    var state = WatchStatus.Root.State.awaited
  }

  private let tree: FolderTree
  private let inotify: Inotify?
  private var roots: [Root]
  /// Names that would bring a root nearer, by the watch of the folder in which they may appear.
  private var arrivals: [Int32: Set<FolderName>] = [:]

  init(_ paths: [FilePath], tree: FolderTree, inotify: Inotify?) {
    self.tree = tree
    self.inotify = inotify
    roots = paths.map { Root(given: $0.absolute) }
  }

  var open: [WatchedFolder] { roots.compactMap(\.folder) }

  var states: [WatchStatus.Root] {
    roots.map { WatchStatus.Root(path: $0.given, state: $0.state) }
  }

  /// Whether an event may bring a root that is waited for.
  func isArrival(_ event: Inotify.Event) -> Bool {
    guard let names = arrivals[event.watch] else { return false }
    return event.name.bytes.isEmpty || names.contains(event.name)
  }

  /// Opens the roots that have come to exist.
  func review() {
    tree.hasLostRoot = false
    for watch in arrivals.keys where !tree.isWatched(watch) { inotify?.remove(watch) }
    arrivals = [:]
    for index in roots.indices where roots[index].folder?.isRemoved ?? false {
      roots[index].folder = nil
    }
    // Outer folders first, so that inner ones find themselves covered.
    let resolved = roots.indices.filter { roots[$0].folder == nil }.compactMap { index in
      resolve(roots[index].given).map { (index, $0) }
    }
    for (index, path) in resolved.sorted(by: { $0.1.bytes.count < $1.1.bytes.count }) {
      open(index, at: path)
    }
  }

  /// Notices roots whose links or parents now lead elsewhere.
  func recheck() {
    for folder in open {
      let isThere = roots.contains {
        guard $0.folder === folder, case .success(let path) = $0.given.resolved() else {
          return false
        }
        return path == folder.path
      }
      if !isThere { tree.remove(folder) }
    }
    review()
  }

  private func open(_ index: Int, at path: FilePath) {
    if let outer = open.first(where: { path.isWithin($0.path) }) {
      roots[index].state = .covered(by: outer.path)
      return
    }
    guard case .success(let node) = FileNode.at(path) else {
      roots[index].state = .awaited
      return awaitArrival(of: roots[index].given)
    }
    guard case .folder = node.kind else {
      roots[index].state = .refused("not a folder; name the folder that it is in")
      return
    }
    for inner in roots.indices {
      guard let folder = roots[inner].folder, folder.path.isWithin(path) else { continue }
      tree.remove(folder, silently: true)
      roots[inner].folder = nil
      roots[inner].state = .covered(by: path)
    }
    tree.hasLostRoot = false
    roots[index].folder = tree.open(path)
    roots[index].state = .watched
  }

  /// Where a root is; nil where it is missing, and then its nearest parent is watched.
  private func resolve(_ given: FilePath) -> FilePath? {
    switch given.resolved() {
    case .success(let path): return path
    case .failure(let error):
      let index = roots.firstIndex { $0.given == given }
      if let index {
        roots[index].state = error.cause == .missing ? .awaited : .refused(error.detail)
      }
      awaitArrival(of: given)
      // It may have come before its parent was watched.
      guard case .success(let path) = given.resolved() else { return nil }
      return path
    }
  }

  /// Watches the nearest parent that exists for the next name on the way to a root.
  ///
  /// Looks again until the same parent is the nearest twice: a parent that appeared before the
  /// watch was in place brings no event.
  private func awaitArrival(of given: FilePath) {
    var last: FilePath?
    for _ in 0..<Self.mostLooks {
      let nearest = watchNearestParent(of: given)
      if nearest == last { return }
      last = nearest
    }
  }

  /// Somebody may make and remove folders without end.
  private static let mostLooks = 100

  private func watchNearestParent(of given: FilePath) -> FilePath? {
    var path = given
    while let parent = path.parent {
      if let watch = try? inotify?.add(parent, forArrivals: true) {
        arrivals[watch, default: []].insert(FolderName(Array(path.name)))
        return parent
      }
      path = parent
    }
    return nil
  }
}

extension FilePath {
  /// The path from `/` on.
  var absolute: FilePath {
    guard bytes.first != UInt8(ascii: "/"), let current = getcwd(nil, 0) else { return self }
    defer { free(current) }
    return FilePath(
      bytes: UnsafeRawBufferPointer(start: current, count: strlen(current))
    ).appending(bytes)
  }
}
