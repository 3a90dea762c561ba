import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("The text that is indexed")
struct SearchTextTests {
  private func strings(_ json: String) -> String {
    String(decoding: SearchText.strings(of: Array(json.utf8)), as: UTF8.self)
  }

  /// The text's words, each as the index holds it.
  private func words(_ text: String) -> [String] {
    text.unicodeScalars.split { !SearchText.isWordScalar($0) }.map { String($0) }
  }

  @Test("Values are taken at any depth, keys, numbers and escapes are not")
  func values() {
    #expect(
      words(strings(#"{"key": "one\ntwo", "b" : ["\u00e9t\u00E9", {"c": true, "d": 7}, "a:b"]}"#))
        == ["one", "two", "été", "a", "b"])
    #expect(
      words(strings(#"{"a":"\ud83d\ude00x\u0000y\ud800z","b":"q\"uo\\te"}"#))
        == ["x", "y", "z", "q", "uo", "te"])
    #expect(strings("{}").isEmpty && strings("").isEmpty)
  }

  @Test(
    "What is no JSON gives some text and never a trap",
    arguments: [
      "\"", "\"abc", "\"abc\\", "\"abc\\u", "\"abc\\u12", "\"\\ud83d\\u", "{\"a\":\"b", "\":\"",
      "\\",
      "\"\\ud83d\\ude0", "\"漢", "\"\\u6f22",
    ])
  func noJSON(text: String) {
    #expect(SearchText.strings(of: Array(text.utf8)) == SearchText.strings(of: Array(text.utf8)))
    for end in 0...text.utf8.count { _ = SearchText.strings(of: Array(text.utf8.prefix(end))) }
  }

  @Test("Ideographs become overlapping pairs, written as they are or escaped")
  func ideographs() {
    #expect(words(strings(#"{"a":"see 漢字検x 字"}"#)) == ["see", "漢字", "字検", "x", "字"])
    #expect(words(strings(#"{"a":"\u6f22\u5b57検"}"#)) == ["漢字", "字検"])
    #expect(words(strings(#"{"a":"한국 😀 𠀀𠀁"}"#)) == ["한국", "𠀀𠀁"])
  }

  @Test("Any payload gives the words that a JSON parser finds in it")
  func asParsed() throws {
    let seed = SeededGenerator.new().seed
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "word", "Ünï", "漢字", "字", "\n", "\"", "\\", "\\n", ":", "\":\"", "\t", "😀", "{", "x1", " ",
      "…",
    ]
    func text() -> String {
      (0..<random.below(8)).map { _ in pieces[random.below(pieces.count)] }.joined()
    }
    for _ in 0..<300 {
      var payload = JSONObject()
      for key in 0..<random.below(5) {
        switch random.below(3) {
        case 0: payload.set("\(text())\(key)", text())
        case 1: payload.set("\(text())\(key)", [text(), text()])
        default:
          var inner = JSONObject()
          inner.set(text(), text())
          payload.set("\(text())\(key)", inner)
        }
      }
      var expected: [String] = []
      try JSONDocument(payload.text).root.forEachString { text in
        let indexed = SearchText.indexed(Array(text.utf8))
        expected += words(String(decoding: indexed, as: UTF8.self))
      }
      #expect(words(strings(payload.text)) == expected, "seed \(seed): \(payload.text)")
    }
  }

  @Test("accents go, whether they are characters of their own or not, and letters stay")
  func accents() {
    #expect("émigré e\u{301} Ångström ế ñ ç".withoutAccents == "emigre e Angstrom e n c")
    #expect("ώρα ё й".withoutAccents == "ωρα е и")
    #expect("straße øre plain 中文 한글".withoutAccents == "straße øre plain 中文 한글")
  }
}
