import FleetlogEvents
import Testing

@Suite("Editing JSON in place")
struct JSONEditTests {
  private static func edit(
    _ text: String, _ change: (inout JSONEdit, JSONValue) -> Void
  ) throws -> String {
    var edit = try JSONEdit(Array(text.utf8))
    change(&edit, try edit.root)
    return String(decoding: edit.bytes, as: UTF8.self)
  }

  @Test(
    "A member is added behind the last, laid out like its neighbours, and removed again",
    arguments: [
      (#"{"a":1}"#, #"{"a":1, "b": 2}"#),
      ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"),
      ("{\r\n\t\"a\" : [ ]\r\n}", "{\r\n\t\"a\" : [ ],\r\n\t\"b\": 2\r\n}"),
      ("{}\n", "{\n  \"b\": 2\n}\n"),
      ("\u{FEFF}{\n    \"a\": \"}\\\"\"}", "\u{FEFF}{\n    \"a\": \"}\\\"\",\n    \"b\": 2}"),
    ])
  func add(before: String, after: String) throws {
    #expect(try Self.edit(before) { edit, root in edit.add("b", { _ in "2" }, to: root) } == after)
    let removed = try Self.edit(after) { edit, root in
      edit.remove(root.members.count - 1, from: root)
    }
    #expect(removed == before)
  }

  @Test(
    "An element goes with the comma that parted it",
    arguments: [
      ("[1, 2, 3]", 0, "[2, 3]"), ("[1, 2, 3]", 1, "[1, 3]"), ("[1, 2, 3]", 2, "[1, 2]"),
      ("[ \"a,]\" ]", 0, "[]"), ("[\n  1,\n  2\n]", 0, "[\n  2\n]"),
      ("[\n  1 ,\n  2\n]", 1, "[\n  1\n]"),
    ])
  func remove(before: String, index: Int, after: String) throws {
    #expect(try Self.edit(before) { $0.remove(index, from: $1) } == after)
  }

  @Test("A value is replaced whole, a string with its quotes")
  func replace() throws {
    let text = try Self.edit(#"{"a": "x\"y", "b": {}}"#) { edit, root in
      if let value = root["a"] { edit.replace(value, with: "null") }
    }
    #expect(text == #"{"a": null, "b": {}}"#)
  }

  @Test(
    "What is not plain JSON is refused: its places can't be told",
    arguments: ["{\"a\": 1,}", "{ // comment\n}", "", "{\"a\": }"])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try JSONEdit(Array(text.utf8)) }
  }

  @Test("Text that is not valid Unicode is refused, as it would be mended")
  func mended() {
    #expect(throws: JSONError.self) { try JSONEdit([0x22, 0xFF, 0x22]) }
  }
}
