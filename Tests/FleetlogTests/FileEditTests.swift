import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Editing a file of somebody else's")
struct FileEditTests {
  private func text(_ folder: TemporaryFolder, _ name: String) -> String? {
    FileManager.default.contents(atPath: folder.path(name).text).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test("leaves alone what was saved since it was read", arguments: [nil, "{}"])
  func savedMeanwhile(before: String?) throws {
    try TemporaryFolder.with { folder in
      if let before { try folder.write("settings.json", before) }
      let edit = try FileEdit(folder.path("settings.json").text)
      try folder.write("settings.json", #"{"mine": 1}"#)
      #expect(throws: Failure.self) { try edit.replace(with: Array(#"{"ours": 1}"#.utf8)) }
      #expect(throws: Failure.self) { try edit.remove() }
      #expect(text(folder, "settings.json") == #"{"mine": 1}"#)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path.text)
      #expect(names == ["settings.json"])
    }
  }

  @Test("replaces what is still as it was read")
  func unchanged() throws {
    try TemporaryFolder.with { folder in
      try folder.write("settings.json", "{}")
      try FileEdit(folder.path("settings.json").text).replace(with: Array("[]".utf8))
      #expect(text(folder, "settings.json") == "[]")
    }
  }
}
