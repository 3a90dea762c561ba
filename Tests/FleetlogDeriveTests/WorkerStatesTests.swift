import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@Suite("The states of a worker")
struct WorkerStatesTests {
  @Test("Nothing is known of a worker that no record tells of")
  func nothing() {
    let state = Course().state()
    #expect(state.reported.status == .unknown)
    #expect(state.observed.status == .unknown)
    #expect(state.inferred.status == .unknown)
    #expect(state.inferred.confidence == nil)
    #expect(state.need == nil)
  }

  @Test("What a worker reports is its last word, by the table of its types")
  func reported() {
    let table: [(EventType, WorkerStatus)] = [
      (.progress, .working), (.blocked, .blocked), (.needsDecision, .waitingOnOperator),
      (.approvalRequested, .waitingOnOperator), (.needsReview, .waitingOnOperator),
      (.failed, .failed), (.completed, .complete),
    ]
    for (type, status) in table {
      var course = Course()
      course.prompt()
      let id = course.say(type)
      #expect(course.state().reported.status == status, "\(type)")
      #expect(course.state().reported.evidence == [id])
    }
  }

  @Test("Who said that it is blocked and ended in good order is neither done nor stuck")
  func blockedAndEnded() {
    var course = Course()
    course.prompt()
    let said = course.say(.blocked, "no access")
    var payload = JSONObject()
    payload.set("exit_code", 0)
    course.add(.processExited, after: 1, payload)
    let state = course.state(after: 600)
    #expect(state.reported.status == .blocked)
    #expect(state.observed.status == .complete)
    #expect(state.inferred.status == .unknown)
    #expect(state.inferred.reason == "ended after it reported blocked")
    #expect(state.inferred.evidence.first == said)
    #expect(state.need == nil)
  }

  @Test("What says nothing about a state changes none")
  func neutral() {
    var course = Course()
    course.prompt()
    course.say(.blocked)
    course.say(.commitPushed)
    course.say(.riskDetected)
    #expect(course.state().reported.status == .blocked)
  }

  @Test("A word from before the last prompt is told as such, and infers nothing")
  func outdated() {
    var course = Course()
    course.prompt()
    course.say(.completed)
    course.prompt("now this", after: 5)
    course.call("Bash", "make")
    let state = course.state()
    #expect(state.reported.status == .complete)
    #expect(state.reported.reason == "before its last prompt")
    #expect(state.inferred.status == .working)
    #expect(state.facts.prompt?.words == "now this")
  }

  @Test("The end of a turn is idle, not complete")
  func idle() {
    var course = Course()
    course.prompt()
    course.write("Done.")
    let end = course.add(.turnCompleted)
    let state = course.state(after: 60)
    #expect(state.observed.status == .idle)
    #expect(state.inferred.status == .idle)
    #expect(state.inferred.evidence == [end])
  }

  @Test("An open call is working, then unknown, then stale; never idle")
  func openCall() {
    var course = Course()
    course.prompt()
    course.say(.progress, "installing")
    let call = course.call("Bash", "npm install")
    #expect(course.state(after: 2).observed.status == .working)
    let later = course.state(after: 12)
    #expect(later.observed.status == .unknown)
    #expect(later.inferred.status == .unknown)
    let silent = course.state(after: 41)
    #expect(silent.reported.status == .working)
    #expect(silent.observed.status == .stale)
    #expect(silent.inferred.status == .stale)
    #expect(silent.need == .alarm)
    #expect(
      silent.reasons.map(\.words) == [
        "reported progress", "no output for 41 min", "“npm install” has no result",
      ])
    #expect(silent.reasons.compactMap(\.event) == [2, call, call])
  }

  @Test("A text that nothing follows leaves the turn's end unknown where no record tells it")
  func quietText() {
    var course = Course()
    course.prompt()
    course.write("That is all.")
    #expect(course.state(after: 1).observed.status == .working)
    #expect(course.state(after: 90).observed.status == .unknown)
  }

  @Test("A question at the end of a turn waits for the operator")
  func question() {
    var course = Course()
    course.prompt()
    course.write("Shall I delete the old rows?")
    course.add(.turnCompleted)
    let state = course.state(after: 3)
    #expect(state.observed.status == .waitingOnOperator)
    #expect(state.waitsFor == "Shall I delete the old rows?")
    #expect(state.need == .stuck)
  }

  @Test("A question at the end of a sub-agent's text is for whoever started it")
  func subagentsQuestion() {
    var course = Course()
    course.role = "subagent"
    course.prompt()
    course.write("Ready. What shall I look for?")
    course.add(.turnCompleted)
    let state = course.state(after: 3)
    #expect(state.observed.status == .idle)
    #expect(state.need == nil)
    #expect(course.inferred.isEmpty)
  }

  @Test("A question tool and a plan stand until they are answered")
  func askingTools() {
    for (tool, need) in [("AskUserQuestion", Need.stuck), ("ExitPlanMode", .approval)] {
      var course = Course()
      course.prompt()
      let call = course.call(tool, "SQLite or files?")
      let state = course.state(after: 100)
      #expect(state.observed.status == .waitingOnOperator)
      #expect(state.waitsFor == "SQLite or files?")
      #expect(state.need == need)
      course.answer(call, after: 100)
      #expect(course.state().observed.status == .working)
      #expect(course.state().need == nil)
    }
  }

  @Test("A permission that a hook tells of is observed, not reported, and ends with what follows")
  func hook() {
    var course = Course()
    course.prompt()
    let call = course.call("Bash", "rm -rf build")
    course.add(
      .approvalRequested, summary: "Waits for permission: rm -rf build",
      provenance: "hook: Notification")
    let state = course.state(after: 50)
    #expect(state.reported.status == .unknown)
    #expect(state.observed.status == .waitingOnOperator)
    #expect(state.need == .approval)
    course.answer(call)
    #expect(course.state().observed.status == .working)
  }

  @Test("A turn that ended on an error has failed, whatever the worker said")
  func failed() {
    var course = Course()
    course.prompt()
    course.say(.progress)
    var payload = JSONObject()
    payload.set("error", JSONObject(["message": "overloaded"]))
    course.add(.turnCompleted, payload)
    let state = course.state()
    #expect(state.observed.status == .failed)
    #expect(state.inferred.status == .failed)
    #expect(state.need == .stuck)
  }

  @Test("The end of a process is what its status says")
  func exits() {
    for (code, status) in [(0, WorkerStatus.complete), (3, .failed)] {
      var course = Course()
      course.prompt()
      var payload = JSONObject()
      payload.set("exit_code", code)
      course.add(.processExited, payload)
      #expect(course.state().observed.status == status)
    }
    var course = Course()
    course.add(.processExited)
    #expect(course.state().observed.status == .unknown)
  }

  @Test("The worker's word and its records agree, or the inference is less sure")
  func confidence() throws {
    var course = Course()
    course.prompt()
    course.say(.completed)
    course.add(.turnCompleted)
    let agreed = try #require(course.state(after: 9).inferred.confidence)
    #expect(course.state(after: 9).inferred.status == .complete)

    var producing = Course()
    producing.prompt()
    producing.say(.blocked)
    for _ in 0..<3 { producing.answer(producing.call("Bash", "ls")) }
    let state = producing.state()
    #expect(state.reported.status == .blocked)
    #expect(state.observed.status == .working)
    #expect(state.inferred.status == .working)
    #expect(try #require(state.inferred.confidence) < agreed)
  }

  @Test("A parent is not idle or silent while its sub-agent works, and says so")
  func delegation() {
    var child = Course()
    child.prompt()
    child.call("Bash", "grep", after: 55)
    var parent = Course()
    parent.prompt()
    parent.call("Task", "look into it")
    parent.children = [child.state()]
    let state = parent.state(after: 55)
    #expect(state.observed.status == .waitingOnExternal)
    #expect(state.waitsFor == "its sub-agent, which works")
    #expect(state.lastOutput == child.state().lastOutput)
    parent.children = []
    #expect(parent.state(after: 55).observed.status == .stale)
  }

  @Test("A sub-agent's need is its parent's")
  func childNeeds() {
    var child = Course()
    child.prompt()
    child.call("AskUserQuestion", "which?")
    var parent = Course()
    parent.prompt()
    parent.call("Task", "look into it")
    parent.children = [child.state()]
    #expect(parent.state(after: 1).need == .stuck)
  }

  @Test(
    "What a rule inferred is the state, with the rule's own confidence, until the worker speaks")
  func byRule() {
    var course = Course()
    course.prompt()
    course.write("Pushed.")
    course.add(.turnCompleted)
    course.infer(.completed, confidence: 0.5, rule: "completion/1")
    let state = course.state(after: 5)
    #expect(state.inferred.status == .complete)
    #expect(state.inferred.confidence == 0.5)
    #expect(state.inferred.evidence == [900])
    #expect(state.inferred.reason == "by the rule completion")
    #expect(state.reasons.contains { $0.isInferred && $0.event == 900 })
    course.add(.needsReview, summary: "look", after: 1, provenance: "worker")
    #expect(course.state().inferred.status == .waitingOnOperator)
  }

  @Test("What two inferences say alike is said once")
  func saidOnce() {
    var course = Course()
    course.prompt()
    for _ in 0..<2 { course.infer(.stale, confidence: 0.5, rule: "silence/1") }
    let words = course.state(after: 5).reasons.map(\.words)
    #expect(words.count { $0 == "inferred: stale" } == 1)
  }

  @Test("A contradiction asks for a look, whatever the state")
  func contradiction() {
    var course = Course()
    course.prompt()
    course.say(.completed)
    course.add(.turnCompleted)
    course.infer(.contradiction, confidence: 0.8, rule: "contradiction/1")
    #expect(course.state().inferred.status == .complete)
    let state = course.state()
    #expect(state.contradiction == 900)
    #expect(state.inferred.status == .complete)
    #expect(state.inferred.confidence == 0.5)
    #expect(state.inferred.evidence.contains(900))
    #expect(course.state().need == .alarm)
  }

  @Test("A completion that wants an action is to be looked at; one that wants none needs nobody")
  func handover() {
    for (action, need) in [(true, Need?.some(.handover)), (false, nil)] {
      var course = Course()
      course.prompt()
      course.say(.completed, action: action)
      course.add(.turnCompleted)
      #expect(course.state().need == need)
    }
  }

  @Test("Facts survive as text")
  func text() {
    var course = Course()
    course.prompt("a \"quoted\" task")
    course.say(.progress)
    course.call("Task", "delegated")
    course.call("Bash", "make")
    course.add(.approvalRequested, summary: "may I", provenance: "hook: x")
    let facts = course.facts
    #expect(facts.waits != nil)
    #expect(WorkerFacts(json: facts.json.text) == facts)
    #expect(WorkerFacts(json: "{}") == nil)
  }
}
