import FleetlogEvents
import Testing

@Suite("A worker that contradicts itself")
struct ContradictionTests {
  /// What is inferred of a push that is claimed after one call, which is not a push.
  private func inferred(after tool: String) -> [EventType] {
    var course = Course()
    course.prompt("push it")
    let call = course.call(tool, "push the branch")
    course.answer(call)
    course.say(.commitPushed, "Pushed 5d6e7f8")
    course.add(.turnCompleted)
    return course.inferred.map(\.type)
  }

  @Test("A claimed push that no call made is doubted, unless a sub-agent may have made it")
  func delegated() {
    #expect(inferred(after: "Read") == [.contradiction])
    #expect(inferred(after: "Task").isEmpty)
  }
}
