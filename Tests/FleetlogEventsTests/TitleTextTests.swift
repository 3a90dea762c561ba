import FleetlogEvents
import Testing

@Suite("A title")
struct TitleTextTests {
  @Test("is what was written, without event blocks and an editor's elements")
  func markup() {
    let (begin, end) = (EventBlock.begin, EventBlock.end)
    #expect("Fix a < b".withoutMarkup == "Fix a < b")
    #expect(
      "Report so: \(begin){\"events\":[]}\(end) and go on".withoutMarkup == "Report so: and go on")
    #expect("Report so: \(begin){\"events\":[{\"ev…".withoutMarkup == "Report so:")
    #expect("\(begin){}\(end)".withoutMarkup == nil)
    let opened = "The user opened the file /srv/a.swift in the IDE."
    #expect("<ide_opened_file>\(opened)</ide_opened_file>".withoutMarkup == opened)
    #expect("<ide_opened_file>\(opened.prefix(20))".withoutMarkup == "The user opened the")
  }
}
