import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogDerive

@Suite("A flood of alarms")
struct AlarmFloodTests {
  private static let types: [EventType] = [
    .blocked, .blocked, .blocked, .blocked, .failed, .failed, .failed, .stale, .stale,
    .needsDecision, .riskDetected,
  ]

  private static let members = types.enumerated().map { index, type in
    GroupMember(
      event: .sample(type, id: Int64(index + 1), ts: Int64(index) * 1000, text: "alarm"),
      sessions: [], rootRun: 1, namedBlocker: nil)
  }

  @Test("counts every one of them, and is over after a while")
  func summary() throws {
    let options = SynthesisOptions()
    var findings = Findings()
    AlarmFlood.judge("0", Self.members, options, into: &findings)
    let flood = try #require(findings.inferences.first)
    #expect(findings.inferences.count == 1)
    #expect(
      flood.summary
        == "11 events ask for attention within 10 min: 4 blocked, 3 failed, 2 stale, "
        + "2 of other types")
    #expect(flood.expiresAt == flood.ts + options.floodStands)
  }

  @Test("needs more of them than the threshold")
  func few() {
    var findings = Findings()
    AlarmFlood.judge("0", Self.members.dropLast(), SynthesisOptions(), into: &findings)
    #expect(findings.inferences.isEmpty)
  }
}
