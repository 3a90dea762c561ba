import Testing

@testable import FleetlogWeb

@Suite("Markdown")
struct MarkdownTests {
  private func html(_ text: String) -> String { Markdown.html(text)?.text ?? "" }

  @Test(
    "becomes elements of our own choice",
    arguments: [
      ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>"),
      ("# Title", "<p class=\"heading\">Title</p>"),
      ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
      ("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>"),
      ("> said", "<blockquote><p>said</p></blockquote>"),
      ("```swift\nlet a = 1 < 2\n```", "<pre class=\"code\">let a = 1 &lt; 2</pre>"),
      ("a\nb", "<p>a<br>b</p>"),
      ("---", "<hr>"),
      (
        "|a|b|\n|-|-|\n|1|2|",
        "<div class=\"wide\"><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>"
          + "</table></div>"
      ),
      (
        "- [x] a\n- [ ] b",
        "<ul><li><i class=\"task done\" role=\"img\" aria-label=\"done\"></i>a</li>"
          + "<li><i class=\"task\" role=\"img\" aria-label=\"not done\"></i>b</li></ul>"
      ),
    ])
  func elements(text: String, expected: String) { #expect(html(text) == expected) }

  @Test(
    "markup in it is text",
    arguments: [
      "<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<!-- x -->",
      "<iframe src='https://example.org'></iframe>", "</p></li></main><b>x",
      "<svg onload=alert(1)>", "<style>*{display:none}</style>", "<a href='javascript:1'>x</a>",
    ])
  func markup(text: String) {
    let made = html(text)
    #expect(structure(of: made) == ["<p>", "</p>"])
    #expect(made.contains("&lt;"))
  }

  @Test(
    "a link leads to the web or nowhere",
    arguments: [
      ("[x](https://example.org/a?b=1&c)", true), ("<http://example.org>", true),
      ("www.example.org", true), ("[x](javascript:alert(1))", false),
      ("[x](JAVASCRIPT:alert(1))", false), ("[x](data:text/html,<b>)", false),
      ("[x](//example.org)", false), ("[x](/events)", false), ("[x](#top)", false),
      ("[x](vbscript:1)", false), ("[x](java\nscript:1)", false),
      ("[x](file:///etc/passwd)", false),
      ("[x](&#106;avascript:alert(1))", false), ("[x](https:\\\\example.org)", false),
      ("a@example.org", false),
    ])
  func links(text: String, isLink: Bool) { #expect(html(text).contains("<a ") == isLink) }

  @Test("an image shows what the text holds itself, of kinds that hold no script")
  func images() {
    #expect(html("![x](data:image/png;base64,iVBORw0KGgo=)").contains("<img "))
    for text in [
      "![x](https://example.org/a.png)", "![x](data:image/svg+xml;base64,PHN2Zz4=)",
      "![x](data:image/png;base64,\"onerror=1)", "![x](data:text/html;base64,AAAA)", "![x](a.png)",
      "![x](DATA:image/png,abc)", "![x](data:image/png\u{37E}base64,AAAA)",
    ] {
      #expect(!html(text).contains("<img"), "\(text)")
    }
    #expect(
      html("![x](https://example.org/a.png)")
        == "<p><a rel=\"noopener noreferrer\" href=\"https://example.org/a.png\">image: x</a></p>")
    #expect(
      html("[![x](https://example.org/a.png)](https://example.org)").ranges(of: "<a ").count == 1)
  }

  @Test(
    "elements are closed as they were opened, however deep the text nests",
    arguments: [
      String(repeating: "> ", count: 3000) + "x", String(repeating: "- ", count: 500) + "x",
      String(repeating: "*a **b ", count: 400), String(repeating: "[", count: 2000),
      String(repeating: "![[]()", count: 1000), "- > - > - > - > 1. # x", "|a|\n|-|\n|`|`|",
      "[a](https://example.org/ \"t\") ![b *c* [d](https://example.org)](https://example.org)",
      "~~a **b~~ c**", "\u{0}\u{1}\u{202E}x",
    ])
  func balance(text: String) {
    var open: [Substring] = []
    for tag in structure(of: html(text)) {
      let name = tag.drop { "</".contains($0) }.prefix { $0.isLetter || $0.isNumber }
      if ["br", "hr", "img"].contains(name) { continue }
      if tag.hasPrefix("</") {
        #expect(open.popLast() == name)
      } else {
        open.append(name)
      }
    }
    #expect(open.isEmpty)
  }

  @Test("a text that is very long is left to be shown as it is")
  func long() {
    #expect(Markdown.html(String(repeating: "a", count: Markdown.limit + 1)) == nil)
    #expect(Prose(String(repeating: "a", count: Markdown.limit + 1)) == nil)
  }

  @Test("of a long text the beginning is shown, cut where no block of code is split")
  func prose() throws {
    let code = "```\n" + String(repeating: "let x = 1\n\n", count: 30) + "```\n"
    let prose = try #require(Prose("First.\n\nSecond.\n\nThird.\n\n" + code + "Last."))
    #expect(prose.head.text == "<p>First.</p><p>Second.</p><p>Third.</p>")
    #expect(prose.rest?.text.hasPrefix("<pre class=\"code\">let x") == true)
    #expect(prose.rest?.text.hasSuffix("<p>Last.</p>") == true)
    #expect(try #require(Prose("short")).rest == nil)
  }
}
