import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Synchronization
import Testing

@testable import fleetlog

@Suite("A folder that becomes a link while it is read")
struct SwappedFolderTests {
  /// A transcript inside, and one outside to which links lead.
  private func scene(_ body: (TemporaryFolder, _ inside: FilePath) throws -> Void) throws {
    try TemporaryFolder.with { home in
      for (folder, word) in [("root/real", "inside"), ("outside", "outside")] {
        try home.makeFolder(folder)
        try home.write(folder + "/a.jsonl", word + "\n")
      }
      try body(home, home.path("root/real/a.jsonl"))
    }
  }

  @Test("what the link leads to is refused")
  func linked() throws {
    try scene { home, file in
      try home.move("root/real", to: "root/aside")
      try home.makeLink("root/real", to: home.path("outside").text)
      var reader = TailReader()
      let error = #expect(throws: ReadError.self) { try reader.read(file, from: nil) }
      #expect(error?.cause == .linked)
      #expect(error?.detail.contains("links are not followed") == true)
    }
  }

  @Test("also while it is swapped to and fro: no line from outside is ever read")
  func race() throws {
    try scene { home, file in
      let isOver = Atomic(false)
      let hasEnded = DispatchSemaphore(value: 0)
      let (real, aside, link) = (
        home.path("root/real").text, home.path("root/aside").text, home.path("root/link").text
      )
      try home.makeLink("root/link", to: home.path("outside").text)
      let swaps = Thread {
        while !isOver.load(ordering: .relaxed) {
          rename(real, aside)
          rename(link, real)
          rename(real, link)
          rename(aside, real)
        }
        hasEnded.signal()
      }
      swaps.start()
      defer {
        isOver.store(true, ordering: .relaxed)
        hasEnded.wait()
      }
      var reader = TailReader()
      var (read, refused) = (0, 0)
      for _ in 0..<20_000 {
        do throws(ReadError) {
          let lines = try reader.read(file, from: nil).lines.map {
            String(decoding: $0.bytes, as: UTF8.self)
          }
          #expect(!lines.contains("outside"))
          read += lines.isEmpty ? 0 : 1
        } catch {
          refused += 1
        }
      }
      // Both happened, so the race was one.
      #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }
  }
}
