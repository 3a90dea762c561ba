import Testing

@testable import fleetlog

@Suite("Serving recognised secrets")
struct RevealTests {
  private static func isAsked(_ words: [String]) throws -> Bool {
    try Reveal.isAsked(
      serving: Arguments(
        words, options: ServeAccess.options + [Reveal.servingOption], environment: [:]))
  }

  @Test(
    "can be had by whoever sits at this machine",
    arguments: ["127.0.0.1", "127.8.9.10", "localhost", "::1", "[::1]"])
  func loopback(host: String) throws {
    #expect(try Self.isAsked(["--reveal", "--host", host]))
    #expect(try !Self.isAsked(["--host", host]))
  }

  @Test(
    "is wrong usage where others may come",
    arguments: [
      ["--host", "0.0.0.0"], ["--host", "::"], ["--host", "192.0.2.7"],
      ["--host", "fleet.example"],
      ["--public-origin", "https://fleet.example"],
    ])
  func others(words: [String]) throws {
    #expect(throws: UsageError.self) { try Self.isAsked(["--reveal"] + words) }
    #expect(try !Self.isAsked(words))
  }
}
