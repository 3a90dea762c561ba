import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The files of a log")
struct LogFilesTests {
  @Test("are their owner's alone")
  func rights() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", ClaudeLines.with { $0.prompt("hello") }.text)
      try fleet.ingest()
      let folder = (fleet.database as NSString).deletingLastPathComponent
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasPrefix("log.db") }
      #expect(names.contains("log.db") && names.contains("log.db-search"))
      for name in names {
        let place = folder + "/" + name
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: place) else {
          // The thread that indexes closes its files when it ends, a moment after the import.
          #expect(name.hasSuffix("-wal") || name.hasSuffix("-shm"), "\(name)")
          continue
        }
        let rights = try #require(attributes[.posixPermissions] as? NSNumber)
        #expect(rights.intValue & 0o077 == 0, "\(name)")
      }
    }
  }

  @Test("without the full-text index, which was deleted, can be read and are indexed again")
  func deletedIndex() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", ClaudeLines.with { $0.prompt("hello") }.text)
      try fleet.ingest()
      for ending in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: fleet.database + "-search" + ending)
      }
      #expect(try fleet.events(.messageUser).count == 1)
      #expect(try fleet.events { $0.text = "hello" }.isEmpty)
      try fleet.ingest()
      #expect(try fleet.events { $0.text = "hello" }.count == 1)
    }
  }
}
