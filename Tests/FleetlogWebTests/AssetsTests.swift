import Glibc
import Testing

@testable import FleetlogWeb

@Suite("The dashboard's files")
struct AssetsTests {
  @Test("an address changes with its content and may be kept for ever")
  func fingerprint() throws {
    let assets = try Assets.ofThisPackage()
    let url = assets.url(of: .style)
    let version = try #require(url.split(separator: "=").last.map(String.init))
    #expect(url.hasPrefix("/assets/fleetlog.css?v="))
    let kept = try #require(assets.response(for: "fleetlog.css", version: version))
    #expect(kept.headers["Cache-Control"] == "public, max-age=31536000, immutable")
    #expect(kept.headers["Content-Type"] == "text/css; charset=utf-8")
    let other = try #require(assets.response(for: "fleetlog.css", version: "old"))
    #expect(other.headers["Cache-Control"] == "no-cache")
  }

  @Test("no other file can be asked for", arguments: ["layout.mustache", "../Package.swift", ""])
  func others(name: String) throws {
    #expect(try Assets.ofThisPackage().response(for: name, version: nil) == nil)
  }

  @Test("a folder that was named and holds no dashboard is refused with what it should hold")
  func refused() {
    let error = #expect(throws: Assets.Failure.self) {
      try Assets.locate(option: "/nonexistent", environment: nil, executable: "/bin/x")
    }
    #expect(error?.description.contains("/nonexistent, named by --assets") == true)
    #expect(error?.description.contains("Templates and Public") == true)
  }

  @Test("the folder beside the program is found, also from a build deep in the package")
  func found() throws {
    let root = try Assets.ofThisPackage().root
    for place in ["", "/.build/debug", "/.build/x86_64-unknown-linux-gnu/release"] {
      let assets = try Assets.locate(
        option: nil, environment: "", executable: "\(root)\(place)/fleetlog",
        workingDirectory: "/nonexistent")
      #expect(assets.root == root)
    }
  }

  @Test(
    "no selector asks for what something holds inside such a question, which browsers drop whole")
  func nestedHas() throws {
    for line in try style().split(separator: "\n") {
      for question in line.components(separatedAfter: ":has(") {
        var depth = 1
        let inner = question.prefix { character in
          depth += character == "(" ? 1 : character == ")" ? -1 : 0
          return depth > 0
        }
        #expect(!inner.contains(":has"), "\(line)")
      }
    }
  }

  @Test("in the dark every kind of work stands out from the panel that it is drawn on")
  func darkKinds() throws {
    let dark = try #require(
      try style().split(separator: "prefers-color-scheme: dark").dropFirst().first)
    func luminance(_ token: String) throws -> Double {
      let value = try #require(dark.components(separatedAfter: "--\(token): #").first).prefix(6)
      let parts = try stride(from: 0, to: 6, by: 2).map { place in
        let part =
          Double(
            try #require(Int(value.dropFirst(place).prefix(2), radix: 16))) / 255
        return part <= 0.039_28 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let panel = try luminance("panel")
    for kind in ["command", "edit", "read", "web", "tool", "model", "bar"] {
      #expect(try (luminance(kind) + 0.05) / (panel + 0.05) > 2.8, "\(kind)")
    }
  }

  private func style() throws -> String {
    let response = try Assets.ofThisPackage().response(
      for: Assets.File.style.rawValue, version: nil)
    return String(decoding: try #require(response).body, as: UTF8.self)
  }

  @Test("style and script ask for nothing from elsewhere")
  func noExternalRequests() throws {
    let assets = try Assets.ofThisPackage()
    for file in Assets.File.allCases where !file.isPicture {
      let response = try #require(assets.response(for: file.rawValue, version: nil))
      let text = String(decoding: response.body, as: UTF8.self)
      #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"))
    }
  }
}

extension StringProtocol {
  /// What follows each occurrence.
  fileprivate func components(separatedAfter mark: String) -> [SubSequence] {
    ranges(of: mark).map { self[$0.upperBound...] }
  }
}
