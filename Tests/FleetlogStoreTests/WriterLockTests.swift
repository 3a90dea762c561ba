import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@Suite("One writer, many readers")
struct WriterLockTests {
  @Test("A second long-lived writer is refused with the first one's process, and reading goes on")
  func secondWriter() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    let error = #expect(throws: StoreError.self) {
      try EventWriter(path: log.path) { _, _ in }
    }
    #expect(error?.cause == .writerBusy(pid: getpid()))
    #expect(error?.description.contains("\(getpid())") == true)
    #expect(try log.reader().overview().events == 2)
  }

  @Test("A short-lived writer writes beside the long-lived one")
  func shortLived() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    let second = try EventWriter(path: log.path, holdsLock: false) { _, _ in }
    _ = try second.commit(EventBatch(drafts: [.sample("b")]), now: 1)
    try log.append(.sample("c"), .sample("b"))
    #expect(try log.events().compactMap(\.idempotencyKey) == ["run:s1", "a", "b", "c"])
  }

  @Test("A link that another process left waiting is attached by the long-lived writer")
  func pendingFromOutside() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"))
    let second = try EventWriter(path: log.path, holdsLock: false) { _, _ in }
    let draft = EventDraft.sample("a") {
      $0.links = [.byRule("test", .causedBy, .idempotencyKey("b"))]
    }
    _ = try second.commit(EventBatch(drafts: [draft]), now: 1)
    try log.append(.sample("b"))
    #expect(try log.links() == ["a caused_by b"])
  }

  @Test("The lock goes with its holder")
  func released() throws {
    let log = try TemporaryLog()
    let path = log.path("other.db")
    func hold() throws {
      let writer = try EventWriter(path: path) { _, _ in }
      #expect(throws: StoreError.self) { try EventWriter(path: path) { _, _ in } }
      #expect(try writer.lastEventID() == 0)
    }
    try hold()
    try hold()
  }

  @Test("A process that was killed leaves no lock behind")
  func killedProcess() throws {
    let log = try TemporaryLog()
    let path = log.path("other.db")
    let holder = ChildProcess()
    holder.executableURL = URL(fileURLWithPath: "/bin/sh")
    let lock = path + "-writer"
    // The shell holds the lock as another Fleetlog would, and says when it has it.
    holder.arguments = [
      "-c", "exec 9>\"$0\"; flock -n 9 && echo $$ >&9 && echo; exec sleep 60", lock,
    ]
    let said = Pipe()
    holder.standardOutput = said
    try holder.run()
    _ = try said.fileHandleForReading.read(upToCount: 1)
    let error = #expect(throws: StoreError.self) { try EventWriter(path: path) { _, _ in } }
    #expect(error?.cause == .writerBusy(pid: holder.processIdentifier))
    kill(holder.processIdentifier, SIGKILL)
    holder.waitUntilExit()
    #expect(throws: Never.self) { try EventWriter(path: path) { _, _ in } }
  }

  @Test("A reader sees a batch whole or not at all")
  func isolation() throws {
    let log = try TemporaryLog()
    let reader = try log.reader()
    #expect(try reader.overview().events == 0)
    try log.append((0..<50).map { .sample("e\($0)") })
    #expect(try reader.overview().events == 51)
    #expect(try reader.overview().lastEventID == 51)
  }
}
