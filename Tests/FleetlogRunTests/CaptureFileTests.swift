import Foundation
import Testing

@testable import FleetlogRun

@Suite("What is kept of a command's output")
struct CaptureFileTests {
  @Test(
    "is no more than the limit, in however many parts it comes, and says where it was cut",
    arguments: [3, 10, 26], [10, 26, 27] as [Int64])
  func limit(part: Int, limit: Int64) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/capture-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let output = Array("abcdefghijklmnopqrstuvwxyz".utf8)
    let capture = CaptureFile(
      folder: folder, name: "run-1.stdout", header: Array("head\n".utf8), limit: limit)
    for start in stride(from: 0, to: output.count, by: part) {
      output[start..<min(start + part, output.count)].withUnsafeBytes { capture.write($0) }
    }
    capture.finish()
    #expect(capture.isCut == (limit < output.count))
    let kept = FileManager.default.contents(atPath: folder + "/run-1.stdout.capture")
    #expect(kept.map(Array.init) == Array("head\n".utf8) + output.prefix(Int(limit)) + [0x0A])
  }
}
