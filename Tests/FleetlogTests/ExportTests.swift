import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("fleetlog export")
struct ExportTests {
  private func withSession(_ body: (Fleet, String) throws -> Void) throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("Deploy with TOKEN=a1b2c3d4e5f6a7b8")
      lines.run("make deploy", id: "toolu_1")
      lines.result("deployed", id: "toolu_1")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      try body(fleet, lines.session)
    }
  }

  private func export(_ fleet: Fleet, _ arguments: String...) throws -> (
    output: String, error: String, status: Int32
  ) {
    try RunningProgram.run(
      ["export", "--db", fleet.database, "--assets", RunningProgram.package.path] + arguments)
  }

  @Test("it writes to standard output, or with -o into a file that is its owner's alone")
  func places() throws {
    try withSession { fleet, session in
      let whole = try export(fleet, session)
      #expect(whole.status == 0 && whole.error.isEmpty)
      #expect(whole.output.hasPrefix("<!doctype html>"))
      let path = fleet.folder.path.text + "/out.html"
      #expect(try export(fleet, String(session.prefix(8)), "-o", path).status == 0)
      let written = try String(contentsOfFile: path, encoding: .utf8)
      #expect(written.utf8.count == whole.output.utf8.count)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    }
  }

  @Test(
    "secrets are left out unless one asks for them", arguments: ["html", "json", "ndjson", "md"])
  func redaction(format: String) throws {
    try withSession { fleet, session in
      let clean = try export(fleet, session, "--format", format).output
      #expect(!clean.contains("a1b2c3d4e5f6a7b8"))
      #expect(clean.contains("redacted: secret by its name"))
      let whole = try export(fleet, session, "--format", format, "--no-redact").output
      #expect(whole.contains("a1b2c3d4e5f6a7b8"))
    }
  }

  @Test("what can't be done is said, and nothing is left behind")
  func refusals() throws {
    try withSession { fleet, session in
      #expect(try export(fleet).status == 2)
      #expect(
        try export(fleet, session, "--format", "pdf").error.contains("html, json, ndjson, md"))
      #expect(try export(fleet, session, "-x").status == 2)
      #expect(try export(fleet, session, "-o").error.contains("--output needs a value"))
      let missing = try export(fleet, "nobody")
      #expect(missing.status == 1 && missing.output.isEmpty)
      let nowhere = try export(fleet, session, "-o", "/nonexistent/x.html")
      #expect(nowhere.status == 1 && nowhere.error.contains("/nonexistent/x.html"))
    }
  }
}
