import FleetlogEvents
import Testing

@Suite("The kind of a refusal")
struct RefusalKindTests {
  @Test(
    "what the contract refuses has a kind of its own",
    arguments: [
      ("{broken", RefusalKind.badJSON), ("[]", .notAnObject), ("{}", .noEvents),
      (#"{"schema_version": 9, "events": []}"#, .unsupportedVersion),
      (#"{"events": [1]}"#, .notAnObject), (#"{"events": [{}]}"#, .missingField),
      (#"{"events": [{"event_type": "dance", "summary": "x"}]}"#, .unknownType),
      (#"{"events": [{"event_type": "process.started", "summary": "x"}]}"#, .reservedType),
      (#"{"events": [{"event_type": "blocked"}]}"#, .missingField),
    ])
  func contract(block: String, kind: RefusalKind) {
    let reasons = EventContract.admit(block: block).refusals.map(\.reason)
    #expect(reasons.map(RefusalKind.init(reason:)) == [kind], "\(reasons)")
  }

  @Test("what it does not know is something else")
  func other() { #expect(RefusalKind(reason: "BEGIN without END") == .other) }
}
