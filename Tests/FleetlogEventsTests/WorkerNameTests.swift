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

  @Test("is the last folder of a Windows path too, and of no other path with a backslash in it")
  func windows() {
    func short(_ project: String) -> String {
      WorkerName(instance: "w", role: "worker", project: project).short
    }
    #expect(short(#"e:\Workspace\src\claude-code-log"#) == "claude-code-log")
    #expect(short("C:/src/tool") == "tool")
    #expect(short(#"/home/dev/a\b"#) == #"a\b"#)
    #expect(short(#"ab:\c"#) == #"ab:\c"#)
  }

  @Test("is what it was started for where it is a sub-agent, which shares a folder")
  func subagent() {
    let name = WorkerName(
      instance: "claude-1f/0d", role: "subagent", project: "/srv/billing-api",
      purpose: "Sub-agent (Explore): Find the posting code")
    #expect(name.short == "Find the posting code")
    #expect(name.full == "Find the posting code · subagent claude-1f/0d · /srv/billing-api")
    let unknown = WorkerName(instance: "claude-1f/0d", role: "subagent", project: "/srv/x")
    #expect(unknown.short == "x")
  }

  @Test("tells those apart that share a folder, by as much of their instance as it takes")
  func toldApart() {
    func worker(_ instance: String, _ project: String = "/srv/shop") -> WorkerName {
      WorkerName(instance: instance, role: "worker", project: project)
    }
    let names = WorkerName.toldApart([
      1: worker("claude-f073c29e"), 2: worker("claude-f073d111"), 3: worker("codex-19ab0000"),
      4: worker("claude-7e551011", "/srv/api"), 5: worker("claude-7e551011", "/srv/api"),
    ])
    #expect(names[1]?.short == "shop · f073c2")
    #expect(names[2]?.short == "shop · f073d1")
    #expect(names[3]?.short == "shop · 19ab00")
    #expect(names[1]?.full == "shop · worker claude-f073c29e · /srv/shop")
    #expect(names[4]?.short == "api" && names[5]?.short == "api")
    let odd = WorkerName.toldApart([1: worker("a-x"), 2: worker("b-x")])
    #expect(odd[1]?.short == "shop · a-x" && odd[2]?.short == "shop · b-x")
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
