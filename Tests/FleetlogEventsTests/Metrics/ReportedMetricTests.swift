import FleetlogEvents
import Testing

@Suite("What an agent reports of its own session")
struct ReportedMetricTests {
  @Test(
    "Only a value of exactly the field's type is taken",
    arguments: [
      (.outcome, #""success""#, #""success""#), (.outcome, #""Success""#, nil),
      (.outcome, #""done""#, nil), (.outcome, "true", nil),
      (.pullRequests, "[482, 7]", "[482,7]"), (.pullRequests, "[]", "[]"),
      (.pullRequests, "[0]", nil), (.pullRequests, "[-1]", nil), (.pullRequests, "482", nil),
      (.pullRequests, #"["482"]"#, nil), (.pullRequests, "[1.5]", nil),
      (.pullRequests, #"[1, "https://example.com/pull/2"]"#, nil), (.pullRequests, "[true]", nil),
      (.filesChanged, "0", "0"), (.filesChanged, "9", "9"), (.filesChanged, "-1", nil),
      (.filesChanged, #""9""#, nil), (.filesChanged, "9.5", nil), (.filesChanged, "null", nil),
      (.linesAdded, "214", "214"), (.linesAdded, "1e999", nil), (.linesAdded, "{}", nil),
      (.linesRemoved, "61", "61"), (.linesRemoved, "[61]", nil),
      (.linesRemoved, "99999999999999999999", nil),
      (.headEnd, #""0123abcd""#, #""0123abcd""#), (.headEnd, #""main""#, nil),
      (.headEnd, #""--upload-pack=x""#, nil), (.headEnd, "1234567", nil),
      (.commits, #"["0123abcd", "ffffFFF"]"#, #"["0123abcd","ffffFFF"]"#),
      (.commits, #"["0123abcd", "x"]"#, nil), (.commits, #""0123abcd""#, nil),
    ] as [(MetricField, String, String?)])
  func types(field: MetricField, json: String, expected: String?) throws {
    let value = MetricValue(field, try JSONDocument(json).root)
    #expect(value?.json == expected)
  }

  @Test("Names of commits are found wherever they stand in an output, until enough are known")
  func namesInText() {
    let tooLong = String(repeating: "a", count: 65)
    let text = "commit 0123ABCd.. 123456 (1234567) é89abcdef0é\nno-name \(tooLong) ffffffff"
    var names: [String] = []
    CommitName.forEach(in: text) { name in
      names.append(name)
      return true
    }
    #expect(names == ["0123abcd", "1234567", "89abcdef0", "ffffffff"])
    names = []
    CommitName.forEach(in: text) { name in
      names.append(name)
      return names.count < 2
    }
    #expect(names == ["0123abcd", "1234567"])
  }
}
