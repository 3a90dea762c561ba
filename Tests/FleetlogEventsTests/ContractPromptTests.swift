import FleetlogEvents
import Testing

@Suite("The catalogue and the text that teaches it")
struct ContractPromptTests {
  @Test("Every type stands in the catalogue once, under a name of the documented shape")
  func names() {
    let names = EventTypeCatalogue.entries.map(\.type.rawValue)
    #expect(Set(names).count == names.count)
    for entry in EventTypeCatalogue.entries {
      let shape = /[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)?/
      #expect(entry.type.rawValue.wholeMatch(of: shape) != nil, "\(entry.type)")
      #expect(entry.family == .system || !entry.type.isNamespaced, "\(entry.type)")
      #expect((1...5).contains(entry.severity))
      #expect(!entry.meaning.isEmpty)
    }
  }

  @Test("The text's own examples are blocks that the contract admits")
  func examples() {
    let blocks = EventBlock.scan(ContractPrompt.text, isComplete: true).findings
    #expect(blocks.count == 2)
    for block in blocks {
      guard case .block(let body, _) = block else {
        Issue.record("not a block: \(block)")
        continue
      }
      let result = EventContract.admit(block: body)
      #expect(result.refusals.isEmpty)
      #expect(result.events.count == 1)
      #expect(result.contractVersion == EventContract.version)
      #expect(result.events.allSatisfy { !$0.payload.contains("_coerced") })
      #expect(result.events.allSatisfy { !$0.artifacts.isEmpty })
    }
  }

  @Test("The text names every worker type and none of the system's")
  func types() {
    for entry in EventTypeCatalogue.entries {
      let isNamed = ContractPrompt.text.contains("\"\(entry.type.rawValue)\"")
      #expect(isNamed == (entry.family == .worker), "\(entry.type)")
    }
  }

  @Test("The text names every relation and every kind of artifact")
  func words() {
    for word in RelationType.allCases.map(\.rawValue) + ArtifactReference.kinds {
      #expect(ContractPrompt.text.contains(word), "\(word)")
    }
  }
}
