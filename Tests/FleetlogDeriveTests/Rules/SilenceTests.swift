import FleetlogDerive
import FleetlogEvents
import Testing

@Suite("A worker that writes nothing")
struct SilenceTests {
  private static let threshold = SynthesisOptions().silence

  private func open(_ call: (inout Course, Int64) -> Void) -> Course {
    var course = Course()
    course.prompt()
    let id = course.call("Bash", "make")
    call(&course, id)
    return course
  }

  @Test("is silent from the very moment at which the threshold is over")
  func standing() {
    let course = open { _, _ in }
    #expect(course.inferred(until: Self.threshold).map(\.ts) == [Self.threshold])
    #expect(course.inferred(until: Self.threshold - 1).isEmpty)
  }

  @Test("was silent where the gap is as long as the threshold, and not where it is shorter")
  func gap() {
    let minutes = Self.threshold / 60_000
    let long = open { course, call in course.answer(call, after: minutes) }
    #expect(long.inferred(until: Self.threshold).map(\.type) == [.stale])
    let short = open { course, call in course.answer(call, after: minutes - 1) }
    #expect(short.inferred(until: Self.threshold).isEmpty)
  }
}
