import Testing

@testable import FleetlogWeb

@Suite("Writing HTML")
struct HTMLWriterTests {
  private func written(_ text: String) -> String {
    var writer = HTMLWriter()
    writer.append(text: text)
    return writer.finish().text
  }

  @Test("text can end neither an element nor an attribute")
  func escapes() {
    #expect(
      written("<a href=\"x\" id='y'>&amp;</a>")
        == "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;")
  }

  @Test("text that needs no escaping is copied as it is")
  func copies() {
    #expect(written("Größe 漢字 🙂\tand\nmore") == "Größe 漢字 🙂\tand\nmore")
    #expect(written("") == "")
  }

  @Test("control characters are shown instead of obeyed")
  func controls() {
    #expect(written("\u{1B}[31mred\u{0}\u{7F}") == "␛[31mred␀␡")
  }

  @Test("what turns the direction of writing around is spelt out")
  func directions() {
    #expect(written("rm \u{202E}fdp.\u{2066}x\u{2069}") == "rm ‹U+202E›fdp.‹U+2066›x‹U+2069›")
    #expect(written("“dash” – …") == "“dash” – …")
  }

  @Test(
    "addresses of the web and of this server may be followed",
    arguments: [
      "https://example.org/a?b=c#d", "http://example.org", "HTTPS://EXAMPLE.ORG", "/events?q=x",
      "/", "?after=1", "#receipt",
    ])
  func followed(url: String) {
    #expect(HTMLWriter.mayBeFollowed(url))
  }

  @Test(
    "every other address is refused",
    arguments: [
      "javascript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
      "vbscript:x", "//example.org", "/\\example.org", "/\t/example.org", "\u{1}https://x",
      "events",
      "", "file:///etc/passwd", "https:example.org",
    ])
  func refused(url: String) {
    #expect(!HTMLWriter.mayBeFollowed(url))
    var writer = HTMLWriter()
    writer.append(url: url)
    #expect(writer.finish().text == "#refused-address")
  }
}
