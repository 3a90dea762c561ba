import Testing

@testable import FleetlogWeb

@Suite("Templates and their contexts")
struct TemplateContractTests {
  @Test("every template of the package binds to its context, and no name is offered in vain")
  func contract() throws {
    let unused = try Templates.ofThisPackage().unusedSlots
    #expect(unused == [])
  }

  @Test("every page has its own address in the list of routes")
  func routes() {
    let patterns = Routes.pages.map(\.pattern)
    #expect(Set(patterns).count == patterns.count)
    #expect(Routes.pages.compactMap { $0.match(["events", "12"]) } == ["12"])
    #expect(Routes.pages.compactMap { $0.match([]) } == [""])
    #expect(Routes.pages.compactMap { $0.match(["events", ""]) } == [])
  }
}
