import Testing

@testable import FleetlogWeb

@Suite("Templates")
struct TemplateTests {
  private struct Part: TemplateContext {
    let word: String
    static let slots: [Slot<Part>] = [.text("word", \.word)]
  }

  private struct Context: TemplateContext {
    var title: String? = "a <b>"
    var address = "/events?x=1&y=2"
    var isShown = true
    var parts: [Part] = []
    var markup = SafeHTML.empty

    static let slots: [Slot<Context>] = [
      .text("title", \.title),
      .text("address", \.address),
      .flag("isShown", \.isShown),
      .list("parts", \.parts),
      .part("first", \.parts.first),
      .html("markup", \.markup),
    ]
  }

  private func template(
    _ source: String, partials: [String: String] = [:]
  ) throws(TemplateError) -> Template<Context> {
    let parser = TemplateParser { name in
      (name == "page" ? source : partials[name]).map { Array($0.utf8) }
    }
    return try Template(parser.parse("page"), TemplateCompiler())
  }

  private func fill(
    _ source: String, _ context: Context = Context(), partials: [String: String] = [:]
  ) throws -> String {
    try template(source, partials: partials).fill(context).text
  }

  @Test("a value is escaped in text and in attributes")
  func values() throws {
    #expect(
      try fill("<p title=\"{{title}}\">{{ title }}</p>")
        == "<p title=\"a &lt;b&gt;\">a &lt;b&gt;</p>")
  }

  @Test("an address is checked when it is written")
  func addresses() throws {
    #expect(try fill("<a href=\"{{address}}\">x</a>") == "<a href=\"/events?x=1&amp;y=2\">x</a>")
    let hostile = Context(address: "javascript:alert(1)")
    #expect(try fill("<a href='{{address}}'>x</a>", hostile) == "<a href='#refused-address'>x</a>")
  }

  @Test("a section repeats for each part, and an inverted one stands in where there is none")
  func lists() throws {
    let source = "{{#parts}}<b>{{word}}</b>{{/parts}}{{^parts}}none{{/parts}}"
    let two = Context(parts: [Part(word: "one"), Part(word: "two")])
    #expect(try fill(source, two) == "<b>one</b><b>two</b>")
    #expect(try fill(source) == "none")
    #expect(try fill("{{#first}}{{word}}{{/first}}", two) == "one")
  }

  @Test("a section of a text or a condition shows where it holds")
  func conditions() throws {
    let source =
      "{{#title}}[{{title}}]{{/title}}{{^title}}untitled{{/title}}{{#isShown}}!{{/isShown}}"
    #expect(try fill(source) == "[a &lt;b&gt;]!")
    #expect(try fill(source, Context(title: "", isShown: false)) == "untitled")
    #expect(try fill(source, Context(title: nil, isShown: false)) == "untitled")
  }

  @Test("a partial stands as if it were written there, and comments leave nothing")
  func partials() throws {
    let text = try fill("<i>\n{{! why }}\n{{> word}}\n</i>", partials: ["word": "{{title}}\n"])
    #expect(text == "<i>\na &lt;b&gt;\n</i>")
  }

  @Test("tags alone on their line leave no empty line")
  func standalone() throws {
    let two = Context(parts: [Part(word: "one"), Part(word: "two")])
    #expect(
      try fill("<ul>\n  {{#parts}}\n<li>{{word}}\n  {{/parts}}\n</ul>", two)
        == "<ul>\n<li>one\n<li>two\n</ul>")
  }

  @Test("markup is written raw with three braces only")
  func markup() throws {
    var writer = HTMLWriter()
    writer.append("<b>")
    let context = Context(markup: writer.finish())
    #expect(try fill("{{{markup}}}", context) == "<b>")
    #expect(throws: TemplateError.self) { try fill("{{markup}}") }
    #expect(throws: TemplateError.self) { try fill("{{{title}}}") }
  }

  @Test(
    "what no escaping makes safe is refused when the template is read",
    arguments: [
      "<script>{{title}}</script>", "<style>{{title}}</style>", "<!-- {{title}} -->",
      "<a onclick=\"{{title}}\">", "<a onclick=\"x()\">", "<a style=\"color:red\">",
      "<a title={{title}}>", "<a {{title}}>", "<{{title}}>", "<a href=\"/x/{{address}}\">",
      "<a href=\"{{address}}x\">", "<iframe srcdoc=\"{{title}}\">", "<p title=\"{{{markup}}}\">",
    ])
  func unsafePlaces(source: String) {
    #expect(throws: TemplateError.self) { try template(source) }
  }

  @Test(
    "a mistake is named with its file and line",
    arguments: [
      ("one\n{{nobody}}", "page", 2), ("\n\n{{> nowhere}}", "page", 3),
      ("{{#isShown}}\nx", "page", 1),
      ("x\n{{/isShown}}", "page", 2), ("{{> part}}", "part", 2),
      ("a\n<a title=\"{{#isShown}}\">{{/isShown}}", "page", 2), ("{{> self}}", "self", 1),
    ])
  func mistakes(source: String, file: String, line: Int) {
    let partials = ["part": "fine\n{{word}}", "self": "{{> self}}"]
    let error = #expect(throws: TemplateError.self) { try template(source, partials: partials) }
    #expect(error?.file == file)
    #expect(error?.line == line)
  }

  @Test("inside a part only its own names are known")
  func scopes() {
    #expect(throws: TemplateError.self) { try template("{{#parts}}{{title}}{{/parts}}") }
  }

  @Test("names that no template takes are told")
  func unused() throws {
    let compiler = TemplateCompiler()
    let parser = TemplateParser { _ in Array("{{title}}{{#parts}}{{word}}{{/parts}}".utf8) }
    _ = try Template<Context>(parser.parse("page"), compiler)
    #expect(
      compiler.unusedSlots == [
        "Context.address", "Context.first", "Context.isShown", "Context.markup",
      ])
  }
}
