import FleetlogTestSupport
import Testing

@testable import FleetlogEvents

@Suite("JSON as it is read")
struct JSONDocumentTests {
  private func value(_ text: String) throws -> JSONValue { try JSONDocument(text).root }

  @Test("Every kind of value is told apart and can be taken only as what it is")
  func kinds() throws {
    let root = try value(#" {"n":null,"t":true,"f":false,"i":7,"s":"x","a":[1],"o":{}} "#)
    #expect(root.members.map(\.key) == ["n", "t", "f", "i", "s", "a", "o"])
    #expect(
      root.members.map(\.value.kind) == [.null, .bool, .bool, .number, .string, .array, .object])
    #expect(root["t"]?.bool == true)
    #expect(root["f"]?.bool == false)
    #expect(root["i"]?.int == 7)
    #expect(root["s"]?.string == "x")
    #expect(root["a"]?.elements.map(\.int) == [1])
    #expect(root["o"]?.members.isEmpty == true)
    #expect(root["s"]?.int == nil)
    #expect(root["i"]?.string == nil)
    #expect(root["a"]?["x"] == nil)
    #expect(root["missing"] == nil)
    #expect(root["o"]?.elements.isEmpty == true)
  }

  @Test(
    "Escapes stand for their characters",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
      (#""\u0041\u00e9\u4E2D""#, "Aé中"),
      (#""\ud83d\ude00""#, "😀"),
      (#""a\u0001b""#, "a\u{1}b"),
      ("\"\u{7F}é😀\"", "\u{7F}é😀"),
    ])
  func escapes(text: String, expected: String) throws {
    let document = try JSONDocument(text)
    #expect(document.root.string == expected)
    #expect(!document.wasMended)
  }

  @Test(
    "What is not text is mended to U+FFFD and reported",
    arguments: [
      (#""a\ud83dz""#, "a\u{FFFD}z"),
      (#""a\ude00z""#, "a\u{FFFD}z"),
      (#""\ud83d\u0041""#, "\u{FFFD}A"),
      (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
      (#""a\u0000z""#, "a\u{FFFD}z"),
      ("\"a\u{0}z\"", "a\u{FFFD}z"),
    ])
  func mending(text: String, expected: String) throws {
    let document = try JSONDocument(text)
    #expect(document.root.string == expected)
    #expect(document.wasMended)
  }

  @Test("A raw control character stays as it is but is reported")
  func rawControls() throws {
    let document = try JSONDocument("\"a\tb\u{1}c\nd\"")
    #expect(document.root.string == "a\tb\u{1}c\nd")
    #expect(document.wasMended)
  }

  @Test(
    "Invalid UTF-8 costs its characters, not the record",
    arguments: [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xB8],
    ] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) throws {
    for padding in 0..<9 {
      let ahead = Array(String(repeating: "x", count: padding).utf8)
      let document = try JSONDocument(
        Array(#"{"k":""#.utf8) + ahead + bytes + Array(#"","n":1}"#.utf8))
      #expect(document.wasMended)
      #expect(document.root["k"]?.string?.contains("\u{FFFD}") == true)
      #expect(document.root["n"]?.int == 1)
    }
  }

  @Test("A byte order mark and white space around a text are passed over")
  func byteOrderMark() throws {
    let document = try JSONDocument([0xEF, 0xBB, 0xBF] + Array(" \t\r\n{\"a\":1}\n ".utf8))
    #expect(document.root["a"]?.int == 1)
    #expect(!document.wasMended)
  }

  @Test("Nesting is taken to its limit and refused beyond it")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try value(nested(JSONScanner.maximumDepth)).isArray)
    #expect(throws: JSONError.self) { try JSONDocument(nested(JSONScanner.maximumDepth + 1)) }
    #expect(throws: JSONError.self) {
      try JSONDocument(String(repeating: "[", count: 1_000_000))
    }
    #expect(throws: JSONError.self) {
      try JSONDocument(String(repeating: #"{"a":"#, count: 100_000))
    }
  }

  @Test("Every document that is cut short is an error, wherever the cut is")
  func truncation() throws {
    let whole = Array(
      #"{"a":[1,-2.5e+3,true,false,null],"b":"x\n\u00e9\ud83d\ude00 中","c":{"d":[{}]}}"#.utf8)
    _ = try JSONDocument(whole)
    for length in 0..<whole.count {
      #expect(throws: JSONError.self, "cut to \(length) bytes") {
        try JSONDocument(Array(whole.prefix(length)))
      }
    }
  }

  @Test(
    "Whole numbers are exact to 64 bits, also in other writings",
    arguments: [
      ("0", 0), ("-0", 0), ("9007199254740993", 9_007_199_254_740_993),
      ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
      ("1e3", 1000), ("2.0", 2), ("1.5e1", 15), ("-1E+2", -100),
    ])
  func wholeNumbers(text: String, expected: Int) throws {
    #expect(try value(text).int == expected)
  }

  @Test(
    "A number that is no whole one of 64 bits is not rounded to one",
    arguments: ["1.5", "9223372036854775808", "-9223372036854775809", "1e19", "1e400", "-1e-5"])
  func otherNumbers(text: String) throws {
    #expect(try value(text).int == nil)
    #expect(try value(text).double == Double(text))
  }

  @Test(
    "What JSON does not allow is refused",
    arguments: [
      "", " ", "01", "-01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "tru", "nulls",
      "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "{,}", "'a'",
      "\"", "\"\\\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u123\"", "{} {}", "1 2", "[] x", "}", "]",
      "\u{0}", "{\"a\":1}\u{0}", "[\"a\" \"b\"]", "{\"a\" 1}", "// c", "\u{FEFF}\u{FEFF}1",
    ])
  func refusals(text: String) {
    #expect(throws: JSONError.self) { try JSONDocument(text) }
  }

  @Test("An error tells the byte where reading stopped")
  func errorPlace() {
    #expect(throws: JSONError(reason: "text after the end of the value", offset: 3)) {
      try JSONDocument("{} {}")
    }
  }

  @Test("Of repeated keys the last one counts, however they are written")
  func repeatedKeys() throws {
    let root = try value(#"{"a":1,"b":2,"\u0061":3}"#)
    #expect(root["a"]?.int == 3)
    #expect(root.members.map(\.key) == ["a", "b", "a"])
  }

  @Test("The strings of a value come in order, at any depth, without the keys")
  func strings() throws {
    var found: [String] = []
    try value(#"{"k":"a","l":["b",{"m":"c\n"},[["d"]],1,null],"n":{"o":"e"}}"#)
      .forEachString { found.append($0) }
    #expect(found == ["a", "b", "c\n", "d", "e"])
  }

  @Test("A value knows its own bytes in the source")
  func sources() throws {
    let root = try value(#"{"a": [1, {"b" : 2}], "s": "x\ty"}"#)
    #expect(root["a"]?.source == #"[1, {"b" : 2}]"#)
    #expect(root["s"]?.source == #"x\ty"#)
  }

  @Test("Whatever bytes come, reading them ends with a value or an error")
  func fuzz() {
    var random = SeededGenerator.new()
    let alphabet = Array("{}[]\",:\\u0dD8eE+-. truefalsn\n\t".utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF]
    let start = Array(#"{"a":[1,"x\ud83d\ude00",{"b":null}],"c":-1.5e3}"#.utf8)
    for _ in 0..<4000 {
      var bytes = random.chance(2) ? start : []
      for _ in 0..<random.below(12) {
        let place = random.below(bytes.count + 1)
        if random.chance(3), place < bytes.count {
          bytes.remove(at: place)
        } else {
          bytes.insert(random.one(of: alphabet), at: place)
        }
      }
      guard let document = try? JSONDocument(bytes) else { continue }
      var copy = JSONObject()
      copy.set("v", document.root)
      let again = try? JSONDocument(copy.bytes)
      #expect(
        again.map { same($0.root["v"], document.root) } == true,
        "seed \(random.seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}

/// Whether two values say the same, repeated keys and all.
func same(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
  guard let left, let right, left.kind == right.kind else { return left == nil && right == nil }
  switch left.kind {
  case .null: return true
  case .bool: return left.bool == right.bool
  case .number: return left.source == right.source
  case .string: return left.string == right.string
  case .array:
    return left.elements.count == right.elements.count
      && zip(left.elements, right.elements).allSatisfy { same($0, $1) }
  case .object:
    return left.members.map(\.key) == right.members.map(\.key)
      && zip(left.members, right.members).allSatisfy { same($0.value, $1.value) }
  }
}
