/// Every template, read and checked once at start: those of the pages in ``Routes``, which name
/// theirs themselves, and those listed here.
struct Templates: Sendable {
  /// By the page's type its `Template`.
  private let pages: [ObjectIdentifier: any Sendable]

  let layout: Template<Layout>
  let problem: Template<ProblemPage>
  let signIn: Template<SignInPage>

  /// A session as one file: what stands before its transcript, and after it.
  let export: Template<ExportHead>
  let exportEnd: Template<ExportEnd>

  /// A value of a payload with those inside it.
  let payload: Template<PayloadNode>
  /// An entry of a transcript, with a sub-agent's own entries inside it.
  let entry: Template<TranscriptEntry>

  /// Names that a context offers and no template takes; empty in a consistent build.
  let unusedSlots: [String]

  /// - Parameter load: the text of a template by its name, nil where there is none.
  init(load: @escaping (String) -> [UInt8]?) throws(TemplateError) {
    let parser = TemplateParser(load: load)
    let compiler = TemplateCompiler()
    layout = try Template(parser.parse("layout"), compiler)
    problem = try Template(parser.parse("problem"), compiler)
    signIn = try Template(parser.parse("sign_in"), compiler)
    export = try Template(parser.parse("export"), compiler)
    exportEnd = try Template(parser.parse("export_end"), compiler)
    payload = try Template(parser.parse("payload_node"), compiler)
    entry = try Template(parser.parse("transcript_entry"), compiler)
    var pages: [ObjectIdentifier: any Sendable] = [:]
    for page in Routes.pages.compactMap(\.page) {
      pages[ObjectIdentifier(page)] = try page.compile(parser, compiler)
    }
    self.pages = pages
    unusedSlots = compiler.unusedSlots
  }

  /// Fills the template of a page.
  ///
  /// - Throws: where no route leads to the page.
  func fill<P: Page>(_ page: P) throws(TemplateError) -> SafeHTML {
    guard let template = pages[ObjectIdentifier(P.self)] as? Template<P> else {
      throw TemplateError(file: P.template, line: 1, reason: "\(P.self) is not in Routes.swift")
    }
    return template.fill(page)
  }
}

extension Page {
  fileprivate static func compile(
    _ parser: TemplateParser, _ compiler: TemplateCompiler
  ) throws(TemplateError) -> any Sendable {
    try Template<Self>(parser.parse(template), compiler)
  }
}
