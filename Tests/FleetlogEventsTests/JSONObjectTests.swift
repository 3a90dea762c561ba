import FleetlogTestSupport
import Testing

@testable import FleetlogEvents

@Suite("JSON as it is written")
struct JSONObjectTests {
  @Test("What was set can be read again")
  func roundTrip() throws {
    var inner = JSONObject()
    inner.set("x", 1)
    var object = JSONObject()
    object.set("text", "a\"b\\c\n\r\t\u{0}\u{1}\u{7F}é中😀")
    object.set("int", Int.min)
    object.set("long", Int64.max)
    object.set("real", 0.1)
    object.set("yes", true)
    object.set("object", inner)
    object.set("texts", ["a", "ü\n"])
    object.set("objects", [inner, JSONObject()])
    object.set("json", json: "[1]")
    let root = try JSONDocument(object.text).root
    #expect(root["text"]?.string == "a\"b\\c\n\r\t\u{FFFD}\u{1}\u{7F}é中😀")
    #expect(root["int"]?.int == Int.min)
    #expect(root["long"]?.int == Int.max)
    #expect(root["real"]?.double == 0.1)
    #expect(root["yes"]?.bool == true)
    #expect(root["object"]?["x"]?.int == 1)
    #expect(root["texts"]?.elements.map(\.string) == ["a", "ü\n"])
    #expect(root["objects"]?.elements.count == 2)
    #expect(root["json"]?.elements.count == 1)
    #expect(root.members.map(\.key) == object.keys)
  }

  @Test("Nothing is set for what is missing, and a number that JSON lacks is missing")
  func missing() {
    var object = JSONObject()
    object.set("a", nil as String?)
    object.set("b", nil as Int?)
    object.set("c", Double.nan)
    object.set("d", -Double.infinity)
    #expect(object.isEmpty)
    #expect(object.text == "{}")
  }

  @Test("A copied value keeps its text, and what was mended once is valid afterwards")
  func copies() throws {
    let source = try JSONDocument(#"{"a":[1.50,"x\ud83dy","\u00e9",{"k\n":"\u0000"}]}"#)
    var object = JSONObject()
    object.set("copy", source.root)
    let again = try JSONDocument(object.bytes)
    #expect(!again.wasMended)
    #expect(again.root["copy"]?["a"]?.elements.first?.source == "1.50")
    #expect(again.root["copy"]?["a"]?.elements[1].string == "x\u{FFFD}y")
    #expect(again.root["copy"]?["a"]?.elements[3]["k\n"]?.string == "\u{FFFD}")
  }

  @Test("Text up to the cap stays whole; beyond it head, tail, length and digest are kept")
  func caps() throws {
    let cap = TextCap(limit: 10) { "length:\($0.utf8.count)" }
    let long = "0123456789abcdefghij"
    let source = try JSONDocument(#"{"whole":"0123456789","deep":["\#(long)"]}"#)
    var object = JSONObject()
    object.set("v", source.root, cap: cap)
    object.set("t", long, cap: cap)
    object.set("u", "short", cap: cap)
    object.set("w", "0123456789", cap: cap)
    let root = try JSONDocument(object.text).root
    #expect(root["v"]?["whole"]?.string == "0123456789")
    #expect(root["w"]?.string == "0123456789")
    for cut in [root["v"]?["deep"]?.elements.first, root["t"]] {
      let inner = cut?["_cut"]
      #expect(inner?["length"]?.int == 20)
      #expect(inner?["digest"]?.string == "length:20")
      #expect(inner?["head"]?.string == "01234")
      #expect(inner?["tail"]?.string == "fghij")
    }
    #expect(root["u"]?.string == "short")
  }

  @Test("A cap inside a character leaves valid text")
  func capInsideCharacter() throws {
    let cap = TextCap(limit: 6) { _ in "d" }
    var object = JSONObject()
    object.set("t", "中文中文中文a", cap: cap)
    object.set("u", "aé😀é😀é", cap: cap)
    #expect(try !JSONDocument(object.bytes).wasMended)
  }

  @Test("Escapes count for what they stand for: a long writing of a short text is not cut")
  func capCountsText() throws {
    let cap = TextCap(limit: 4) { _ in "d" }
    let source = try JSONDocument(#""\u0061\u0062\u0063\u0064""#)
    var object = JSONObject()
    object.set("t", source.root, cap: cap)
    #expect(try JSONDocument(object.text).root["t"]?.string == "abcd")
  }

  @Test("A great many keys are set and found")
  func manyKeys() throws {
    var object = JSONObject()
    for number in 0..<20_000 { object.set("key\(number)", number) }
    #expect(object.contains("key0"))
    #expect(object.contains("key19999"))
    #expect(!object.contains("key20000"))
    #expect(try JSONDocument(object.text).root.members.count == 20_000)
  }

  @Test("Columns of strings and objects are JSON arrays")
  func arrays() {
    #expect(JSONObject.array(of: [String]()) == "[]")
    #expect(JSONObject.array(of: ["a\"", "b"]) == #"["a\"","b"]"#)
    #expect(JSONObject.array(of: [JSONObject(), JSONObject(["k": "v"])]) == #"[{},{"k":"v"}]"#)
  }

  @Test("Any object that is built can be read again")
  func fuzz() throws {
    var random = SeededGenerator.new()
    let pieces = [
      "a", "\"", "\\", "\n", "\u{0}", "\u{1F}", "é", "中", "😀", "\u{FFFD}", "}", "\u{2028}",
    ]
    func text(_ random: inout SeededGenerator) -> String {
      (0..<random.below(8)).map { _ in random.one(of: pieces) }.joined()
    }
    for _ in 0..<500 {
      var object = JSONObject()
      var expected: [String: String] = [:]
      for _ in 0..<random.below(50) {
        let key = text(&random)
        guard !object.contains(key) else { continue }
        let value = text(&random)
        object.set(key, value)
        expected[key.replacing("\u{0}", with: "\u{FFFD}")] =
          value.replacing("\u{0}", with: "\u{FFFD}")
      }
      let root = try JSONDocument(object.bytes).root
      for (key, value) in expected where !key.contains("\u{FFFD}") {
        #expect(root[key]?.string == value, "seed \(random.seed)")
      }
    }
  }
}
