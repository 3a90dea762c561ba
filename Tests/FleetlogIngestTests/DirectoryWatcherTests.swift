import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// What a consumer knows after taking a watcher's changes.
private final class Observer {
  let watcher: DirectoryWatcher
  private let folder: TemporaryFolder
  /// Sizes of the files that exist, by their paths below the test's folder.
  private(set) var files: [String: Int64] = [:]
  /// How often each was reported.
  private(set) var reports: [String: Int] = [:]

  init(
    _ folder: TemporaryFolder, roots: [String] = [""],
    _ configure: (inout DirectoryWatcher.Options) -> Void = { _ in }
  ) {
    var options = DirectoryWatcher.Options()
    configure(&options)
    self.folder = folder
    watcher = DirectoryWatcher(
      roots: roots.map { $0.isEmpty ? folder.path : folder.path($0) }, options: options)
  }

  func take(timeoutMs: Int) {
    for change in watcher.next(timeoutMs: timeoutMs) {
      let name = String(change.path.text.dropFirst(folder.path.text.count + 1))
      files[name] = change.stamp?.size
      reports[name, default: 0] += 1
    }
  }

  /// Takes changes until a condition holds; false where it never comes to hold.
  func reaches(_ condition: (Observer) -> Bool) -> Bool {
    let end = Date().addingTimeInterval(20)
    while !condition(self) {
      if Date() > end { return false }
      take(timeoutMs: 50)
    }
    return true
  }

  func reaches(_ expected: [String: Int64]) -> Bool {
    let isReached = reaches { $0.files == expected }
    if !isReached { Issue.record("\(files) instead of \(expected)") }
    return isReached
  }

  func isComplete() -> Bool { reaches { $0.watcher.status.isComplete } }
}

@Suite("Watching folders")
struct DirectoryWatcherTests {
  /// With the rescan out of the way, only notices can bring a change to light.
  private func byNoticesAlone(_ options: inout DirectoryWatcher.Options) {
    options.rescanInterval = 3_600_000
  }

  private func byPollingAlone(_ options: inout DirectoryWatcher.Options) {
    options.rescanInterval = 3_600_000
    options.pollInterval = 20
    options.maximumWatches = 0
  }

  private enum Way: CaseIterable {
    case notices
    case polling
  }

  private func observe(
    _ folder: TemporaryFolder, _ way: Way = .notices, roots: [String] = [""]
  ) -> Observer {
    Observer(folder, roots: roots) {
      switch way {
      case .notices: byNoticesAlone(&$0)
      case .polling: byPollingAlone(&$0)
      }
    }
  }

  // MARK: Files

  @Test("What exists, appears, grows and goes is reported", arguments: Way.allCases)
  private func lifeOfAFile(_ way: Way) throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x/y")
      try folder.write("x/y/old.jsonl", "123")
      let observer = observe(folder, way)
      #expect(observer.reaches(["x/y/old.jsonl": 3]))
      try folder.write("new.jsonl", "1")
      #expect(observer.reaches(["x/y/old.jsonl": 3, "new.jsonl": 1]))
      try folder.append("new.jsonl", "2")
      #expect(observer.reaches(["x/y/old.jsonl": 3, "new.jsonl": 2]))
      try folder.move("new.jsonl", to: "x/moved.jsonl")
      #expect(observer.reaches(["x/y/old.jsonl": 3, "x/moved.jsonl": 2]))
      try folder.hardLink("x/moved.jsonl", to: "linked.jsonl")
      try folder.remove("x/y/old.jsonl")
      #expect(observer.reaches(["x/moved.jsonl": 2, "linked.jsonl": 2]))
      #expect(observer.watcher.status.filesKnown == 2)
    }
  }

  @Test("A file that is cut in place or replaced is reported", arguments: Way.allCases)
  private func rewrites(_ way: Way) throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "12345")
      let observer = observe(folder, way)
      #expect(observer.reaches(["a.jsonl": 5]))
      try folder.truncate("a.jsonl", to: 2)
      #expect(observer.reaches(["a.jsonl": 2]))
      try folder.write("b", "replaced")
      try folder.move("b", to: "a.jsonl")
      #expect(observer.reaches(["a.jsonl": 8]))
    }
  }

  @Test("Names that are not those of transcripts are counted and not reported")
  func otherNames() throws {
    try TemporaryFolder.with { folder in
      try folder.write("notes.md", "")
      try folder.write("a.jsonl", "")
      let observer = observe(folder)
      #expect(observer.reaches(["a.jsonl": 0]))
      #expect(observer.isComplete())
      #expect(observer.watcher.status.otherFiles == 1)
      try folder.write("a.txt", "")
      try folder.write("b.jsonl", "")
      #expect(observer.reaches(["a.jsonl": 0, "b.jsonl": 0]))
    }
  }

  @Test("Changes of one file between two looks are one change")
  func coalescing() throws {
    try TemporaryFolder.with { folder in
      let observer = observe(folder)
      #expect(observer.isComplete())
      for _ in 0..<200 { try folder.append("a.jsonl", "x") }
      try folder.write("last.jsonl", "")
      // Both names wait in the mailbox as soon as the second is known, however many writes.
      while observer.watcher.status.filesKnown < 2 { usleep(1000) }
      #expect(observer.reaches(["a.jsonl": 200, "last.jsonl": 0]))
      #expect(observer.reports["a.jsonl", default: 0] < 20)
    }
  }

  @Test("A name that is not text is reported by its bytes")
  func nameInBytes() throws {
    try TemporaryFolder.with { folder in
      let observer = observe(folder)
      #expect(observer.isComplete())
      let inner = folder.path.appending([0xC3, 0x28])
      try FileManager.default.createDirectory(
        atPath: folder.path("plain").text, withIntermediateDirectories: false)
      let name = inner.bytes.map { CChar(bitPattern: $0) } + [0]
      #expect(rename(folder.path("plain").text, name) == 0)
      try folder.write(at: inner.appending([0xFF] + Array(".jsonl".utf8)), "12")
      #expect(observer.reaches(["\\xC3(/\\xFF.jsonl": 2]))
    }
  }

  // MARK: Folders

  @Test("Nothing that is written into a folder right after it was made is lost")
  func newFolders() throws {
    try TemporaryFolder.with { folder in
      let observer = observe(folder)
      var expected: [String: Int64] = [:]
      for index in 0..<300 {
        try folder.makeFolder("f\(index)/sub")
        try folder.write("f\(index)/sub/a.jsonl", "x")
        expected["f\(index)/sub/a.jsonl"] = 1
      }
      #expect(observer.reaches(expected))
      #expect(observer.watcher.status.foldersWatched == 601)
    }
  }

  @Test("A folder that moves takes its files along and stays watched", arguments: Way.allCases)
  private func movedFolder(_ way: Way) throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("from/deep")
      try folder.write("from/deep/a.jsonl", "1")
      let observer = observe(folder, way)
      #expect(observer.reaches(["from/deep/a.jsonl": 1]))
      try folder.move("from", to: "to")
      #expect(observer.reaches(["to/deep/a.jsonl": 1]))
      try folder.append("to/deep/a.jsonl", "2")
      #expect(observer.reaches(["to/deep/a.jsonl": 2]))
      try folder.remove("to")
      try folder.makeFolder("to/deep")
      try folder.write("to/deep/b.jsonl", "")
      #expect(observer.reaches(["to/deep/b.jsonl": 0]))
    }
  }

  @Test("A folder whose name looks like a transcript is a folder")
  func folderNamedLikeFile() throws {
    try TemporaryFolder.with { folder in
      let observer = observe(folder)
      #expect(observer.isComplete())
      try folder.makeFolder("x.jsonl")
      try folder.write("x.jsonl/a.jsonl", "1")
      #expect(observer.reaches(["x.jsonl/a.jsonl": 1]))
    }
  }

  @Test("Links and FIFOs are shown in the status and neither followed nor opened")
  func passedOver() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("in")
      try folder.write("secret.jsonl", "")
      try folder.makeLink("in/circle", to: ".")
      try folder.makeLink("in/a.jsonl", to: "../secret.jsonl")
      let observer = observe(folder, roots: ["in"])
      try folder.makeFIFO("in/b.jsonl")
      try folder.write("in/c.jsonl", "")
      #expect(observer.reaches(["in/c.jsonl": 0]))
      #expect(observer.reaches { $0.watcher.status.passedOverCount == 3 })
      #expect(
        observer.watcher.status.passedOver.map(\.path)
          .sorted() == ["in/a.jsonl", "in/b.jsonl", "in/circle"].map { folder.path($0) })
      try folder.remove("in/circle")
      try folder.write("in/c.jsonl", "1")
      #expect(observer.reaches(["in/c.jsonl": 1]))
    }
  }

  // MARK: Roots

  @Test("A root that does not exist yet is taken up when it appears, with its parents")
  func awaitedRoot() throws {
    try TemporaryFolder.with { folder in
      let observer = observe(folder, roots: ["a/b/c"])
      #expect(observer.isComplete())
      #expect(observer.watcher.status.roots.map(\.state) == [.awaited])
      try folder.makeFolder("a")
      try folder.makeFolder("a/b/c")
      try folder.write("a/b/c/x.jsonl", "1")
      #expect(observer.reaches(["a/b/c/x.jsonl": 1]))
      #expect(observer.watcher.status.roots.map(\.state) == [.watched])
    }
  }

  @Test("A root is found however its parents appear while it is looked for")
  func rootThatComesInSteps() throws {
    try TemporaryFolder.with { folder in
      for round in 0..<100 {
        let root = "r\(round)/a/b/c"
        let observer = observe(folder, roots: [root])
        for parent in ["r\(round)", "r\(round)/a", "r\(round)/a/b", root] {
          usleep(UInt32(round))
          try folder.makeFolder(parent)
        }
        try folder.write("\(root)/x.jsonl", "1")
        #expect(observer.reaches(["\(root)/x.jsonl": 1]))
      }
    }
  }

  @Test("A root that vanishes and comes back is watched again", arguments: [true, false])
  func returningRoot(_ isMoved: Bool) throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("root/sub")
      try folder.write("root/sub/a.jsonl", "1")
      let observer = observe(folder, roots: ["root"])
      #expect(observer.reaches(["root/sub/a.jsonl": 1]))
      if isMoved { try folder.move("root", to: "away") } else { try folder.remove("root") }
      #expect(observer.reaches([:]))
      #expect(observer.reaches { $0.watcher.status.roots.map(\.state) == [.awaited] })
      try folder.makeFolder("root")
      try folder.write("root/b.jsonl", "12")
      #expect(observer.reaches(["root/b.jsonl": 2]))
      try folder.append("root/b.jsonl", "3")
      #expect(observer.reaches(["root/b.jsonl": 3]))
    }
  }

  @Test("Roots that overlap report every file once")
  func overlappingRoots() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x/y")
      try folder.write("x/y/a.jsonl", "")
      try folder.makeLink("link", to: "x")
      let observer = observe(folder, roots: ["x/y", "x", "link", "x"])
      #expect(observer.reaches(["x/y/a.jsonl": 0]))
      #expect(observer.isComplete())
      #expect(observer.reports == ["x/y/a.jsonl": 1])
      #expect(observer.watcher.status.filesKnown == 1)
      #expect(
        observer.watcher.status.roots.map(\.state)
          == [
            .covered(by: folder.path("x")), .watched, .covered(by: folder.path("x")),
            .covered(by: folder.path("x")),
          ])
    }
  }

  @Test("A root that is a link is followed, and followed anew where it is turned")
  func linkedRoot() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("one")
      try folder.makeFolder("two")
      try folder.write("one/a.jsonl", "")
      try folder.write("two/b.jsonl", "")
      try folder.makeLink("root", to: "one")
      let observer = Observer(folder, roots: ["root"]) { $0.rescanInterval = 20 }
      #expect(observer.reaches(["one/a.jsonl": 0]))
      try folder.remove("root")
      try folder.makeLink("root", to: "two")
      #expect(observer.reaches(["two/b.jsonl": 0]))
    }
  }

  @Test("A root that is a file is refused with the reason")
  func fileAsRoot() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "")
      let observer = observe(folder, roots: ["a.jsonl"])
      #expect(observer.isComplete())
      #expect(
        observer.watcher.status.roots.map(\.state)
          == [.refused("not a folder; name the folder that it is in")])
    }
  }

  // MARK: Falling back

  @Test("Where the watches run out the rest is polled, and the status says so")
  func watchLimit() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x/y/z")
      let observer = Observer(folder) {
        byNoticesAlone(&$0)
        $0.pollInterval = 20
        $0.maximumWatches = 2
      }
      #expect(observer.isComplete())
      #expect(observer.watcher.status.foldersWatched == 2)
      #expect(observer.watcher.status.foldersPolled == [.watchLimit: 2])
      for name in ["a", "x/a", "x/y/a", "x/y/z/a"] { try folder.write("\(name).jsonl", "") }
      #expect(
        observer.reaches(["a.jsonl": 0, "x/a.jsonl": 0, "x/y/a.jsonl": 0, "x/y/z/a.jsonl": 0]))
      try folder.append("x/y/z/a.jsonl", "1")
      #expect(
        observer.reaches(["a.jsonl": 0, "x/a.jsonl": 0, "x/y/a.jsonl": 0, "x/y/z/a.jsonl": 1]))
      try folder.remove("x")
      #expect(observer.reaches(["a.jsonl": 0]))
      #expect(observer.reaches { $0.watcher.status.foldersPolled.isEmpty })
    }
  }

  @Test("The rescan finds what no notice told")
  func rescan() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "1")
      let observer = Observer(folder) {
        $0.rescanInterval = 20
        $0.pollInterval = 3_600_000
        $0.maximumWatches = 0
      }
      #expect(observer.reaches(["a.jsonl": 1]))
      try folder.append("a.jsonl", "2")
      try folder.write("b.jsonl", "")
      #expect(observer.reaches(["a.jsonl": 2, "b.jsonl": 0]))
    }
  }

  @Test("Files that stay as they are cost the consumer nothing, rescans or not")
  func idle() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "1")
      let observer = Observer(folder) { $0.rescanInterval = 1 }
      #expect(observer.reaches(["a.jsonl": 1]))
      for _ in 0..<10 { observer.take(timeoutMs: 5) }
      #expect(observer.reports == ["a.jsonl": 1])
    }
  }

  @Test(
    "A folder that may not be read is shown, and watched when it may", .enabled(if: geteuid() != 0))
  func unreadable() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("x")
      try folder.write("x/a.jsonl", "1")
      try folder.setMode("x", 0)
      let observer = observe(folder)
      #expect(observer.reaches { $0.watcher.status.passedOver.map(\.path) == [folder.path("x")] })
      try folder.setMode("x", 0o700)
      #expect(observer.reaches(["x/a.jsonl": 1]))
      #expect(observer.reaches { $0.watcher.status.passedOver.isEmpty })
    }
  }

  // MARK: The consumer

  @Test("A sleeping consumer can be woken, and a wake before the sleep is not lost")
  func wake() throws {
    try TemporaryFolder.with { folder in
      let watcher = DirectoryWatcher(roots: [folder.path])
      watcher.wake()
      #expect(watcher.next(timeoutMs: nil).isEmpty)
      Thread.detachNewThread {
        usleep(20_000)
        watcher.wake()
      }
      #expect(watcher.next(timeoutMs: nil).isEmpty)
    }
  }

  @Test("A watcher that was stopped hands out what it knew and never sleeps again")
  func stop() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "")
      let watcher = DirectoryWatcher(roots: [folder.path])
      while !watcher.status.isComplete || watcher.status.filesKnown == 0 { usleep(1000) }
      watcher.stop()
      watcher.stop()
      #expect(watcher.next(timeoutMs: nil).count == 1)
      #expect(watcher.next(timeoutMs: nil).isEmpty)
    }
  }
}
