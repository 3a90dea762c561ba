import FleetlogEvents
import Testing

@Suite("A pull request's handle")
struct PullRequestHandleTests {
  private func handle(url: String? = nil, title: String? = nil, ref: String? = nil) -> String {
    ArtifactReference(kind: "github_pr", url: url, title: title, ref: ref, source: "worker").handle
  }

  @Test("is its number where that is known, else what it is called")
  func handles() {
    #expect(handle(url: "https://example.org/a/b/pull/12") == "#12")
    #expect(handle(url: "https://example.org/a/b/pull/12", ref: "482") == "#482")
    #expect(handle(ref: "#7") == "#7")
    #expect(handle(url: "https://example.org/a/b/pull/new", title: "Retry") == "Retry")
    #expect(handle(url: "https://example.org/x", ref: "fix/tz") == "fix/tz")
  }
}
