import FleetlogTestSupport
import Testing

@testable import FleetlogIngest

/// What can't be brought about from outside: the kernel's queue that overflows, and notices that
/// are late.
@Suite("Keeping the folders in step")
struct FolderTreeTests {
  private func tree(_ folder: TemporaryFolder) throws -> (FolderTree, WatchedFolder) {
    let tree = FolderTree(inotify: try Inotify(), failure: nil, options: .init())
    let root = tree.open(folder.path)
    settle(tree)
    return (tree, root)
  }

  private func settle(_ tree: FolderTree) {
    while let next = tree.dequeue() { tree.visit(next) }
  }

  private func number(of folder: WatchedFolder) throws -> Int32 {
    guard case .watch(let number) = folder.notice else {
      throw Inotify.Refusal.missing
    }
    return number
  }

  @Test("An overflow is passed on, so that everything is listed again")
  func overflow() throws {
    try TemporaryFolder.with { folder in
      let (tree, root) = try tree(folder)
      let lost = Inotify.Event(watch: -1, mask: .overflow, name: FolderName([]))
      let change = Inotify.Event(
        watch: try number(of: root), mask: .modified, name: FolderName(Array("a.jsonl".utf8)))
      #expect(tree.handle([change, lost]))
      #expect(!tree.handle([change]))
    }
  }

  @Test("A notice is a change even where size and times are as they were")
  func noticeAlone() throws {
    try TemporaryFolder.with { folder in
      try folder.write("a.jsonl", "1")
      let (tree, root) = try tree(folder)
      tree.changes = []
      let change = Inotify.Event(
        watch: try number(of: root), mask: .modified, name: FolderName(Array("a.jsonl".utf8)))
      _ = tree.handle([change, change])
      #expect(tree.changes.map(\.path) == [folder.path("a.jsonl")])
    }
  }

  @Test("A late notice that a folder went does not unwatch it where it went to")
  func lateNotice() throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("from")
      let (tree, root) = try tree(folder)
      let watch = try number(of: root)
      try folder.move("from", to: "to")
      tree.enqueue(root)
      settle(tree)
      func notice(_ name: String, _ mask: Inotify.Event.Mask) -> Inotify.Event {
        Inotify.Event(
          watch: watch, mask: mask.union(.isFolder), name: FolderName(Array(name.utf8)))
      }
      _ = tree.handle([notice("from", .movedFrom), notice("to", .movedTo)])
      settle(tree)
      let moved = try #require(root.folders[FolderName(Array("to".utf8))])
      #expect(tree.isWatched(try number(of: moved)))
      #expect(tree.currentStatus().foldersWatched == 2)
    }
  }

  @Test("A folder waits to be listed once, however often it is asked for")
  func queue() throws {
    try TemporaryFolder.with { folder in
      let (tree, root) = try tree(folder)
      tree.enqueue(root)
      tree.enqueue(root)
      tree.enqueueAll(below: [root])
      #expect(tree.dequeue() === root)
      #expect(tree.dequeue() == nil)
      #expect(tree.isSettled)
    }
  }

  @Test("Events of a watch that is gone are ignored")
  func unknownWatch() throws {
    try TemporaryFolder.with { folder in
      let (tree, _) = try tree(folder)
      let stray = Inotify.Event(
        watch: 99_999, mask: [.created, .isFolder], name: FolderName(Array("x".utf8)))
      _ = tree.handle([stray])
      #expect(tree.isSettled && tree.changes.isEmpty)
    }
  }
}
