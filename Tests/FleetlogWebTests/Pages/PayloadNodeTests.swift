import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("Payloads")
struct PayloadNodeTests {
  private func fill(_ json: String, isInferred: Bool = false) throws -> String {
    let payload = try JSONDocument(json).root
    return PayloadNode.fill(payload, isInferred: isInferred, try Templates.ofThisPackage().payload)
      .text
  }

  @Test("objects and lists keep their shape")
  func nesting() throws {
    let html = try fill(#"{"a":{"b":[1,"two",null,true]},"c":{}}"#)
    for text in ["<dt>a</dt>", "<dt>b</dt>", "two", "null", "true", "{}"] {
      #expect(html.contains(text))
    }
    #expect(html.ranges(of: "<dl>").count == 2)
  }

  @Test("what a conclusion rests on leads there; what a worker calls evidence is its own word")
  func evidence() throws {
    let json = #"{"rule":"silence/1","evidence":[12,134]}"#
    let html = try fill(json, isInferred: true)
    for id in [12, 134] { #expect(html.contains("<a href=\"/events/\(id)\">event \(id)</a>")) }
    let word = try fill(json)
    #expect(word.contains("134") && !word.contains("href"))
    #expect(try fill(#"{"evidence":"tests pass"}"#, isInferred: true).contains("tests pass"))
  }

  @Test("a long text is folded with its length")
  func folding() throws {
    let html = try fill(#"{"text":"\#(String(repeating: "x", count: 5000))"}"#)
    #expect(html.contains("<details class=\"fold\">"))
    #expect(html.contains("5 kB"))
  }

  @Test("a text of which only the ends were kept says so")
  func cut() throws {
    let html = try fill(
      #"{"content":{"_cut":{"length":2000000,"digest":"sha256:0","head":"first","tail":"last"}}}"#)
    #expect(html.contains("only the beginning and end of 2 MB are kept here"))
    #expect(html.contains("first") && html.contains("last"))
  }

  @Test("what the contract mended is explained")
  func coerced() throws {
    #expect(try fill(#"{"_coerced":{"severity":"9"}}"#).contains("what the worker wrote"))
  }

  @Test("nesting without end is shown as the JSON it is")
  func depth() throws {
    let html = try fill(
      String(repeating: #"{"a":"#, count: 300) + "1" + String(repeating: "}", count: 300))
    #expect(html.ranges(of: "<dl>").count < 12)
    #expect(html.contains("{&quot;a&quot;:"))
  }
}
