import FleetlogEvents
import FleetlogTestSupport
import Testing

@Suite("What a worker is called")
struct WorkerNameTests {
  @Test("is the folder that it works in, and its instance where none is known")
  func short() {
    let placed = WorkerName(instance: "claude-1f", role: "worker", project: "/srv/billing-api/")
    #expect(placed.short == "billing-api")
    #expect(placed.full == "billing-api · worker claude-1f · /srv/billing-api/")
    let lone = WorkerName(instance: "bench-7", role: "worker")
    #expect(lone.short == "bench-7")
    #expect(lone.full == "worker bench-7")
    #expect(WorkerName(instance: "w", role: "worker", project: "/").short == "w")
  }

  @Test("is what it was started for where it is a sub-agent, which shares a folder")
  func subagent() {
    let name = WorkerName(
      instance: "claude-1f/0d", role: "subagent", project: "/srv/billing-api",
      purpose: "Sub-agent (Explore): Find the posting code")
    #expect(name.short == "Find the posting code")
    #expect(name.full == "Find the posting code · subagent claude-1f/0d · /srv/billing-api")
    let unknown = WorkerName(instance: "claude-1f/0d", role: "subagent", project: "/srv/x")
    #expect(unknown.short == "claude-1f/0d")
  }

  @Test("is that of the run, unless the event is of another instance")
  func names() {
    let name = WorkerName(instance: "w", role: "worker", project: "/srv/api")
    let names = WorkerNames([1: name])
    #expect(names[.sample(run: 1, instance: "w")].short == "api")
    #expect(names[.sample(run: 1, instance: "other")].short == "other")
    #expect(names[.sample(run: 2, instance: "w")].short == "w")
  }
}
