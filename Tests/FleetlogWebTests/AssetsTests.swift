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
