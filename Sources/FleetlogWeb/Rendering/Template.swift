/// The values of one page, or of one part of it, under the names that its template uses.
protocol TemplateContext: Sendable {
  static var slots: [Slot<Self>] { get }
}

/// A text of a list is `{{text}}` inside its section.
extension String: TemplateContext {
  static let slots: [Slot<String>] = [.text("text", \.self)]
}

/// One name of a template and how to read its value: found once at start, not per request.
struct Slot<Context>: Sendable {
  typealias Body = [TemplateNode]
  typealias Step = @Sendable (Context, inout HTMLWriter) -> Void

  enum Kind: Sendable {
    case text(@Sendable (Context) -> String?)
    case html(@Sendable (Context) -> SafeHTML?)
    case flag(@Sendable (Context) -> Bool)
    /// Parts with a context of their own: the section is compiled against that.
    case parts(
      isEmpty: @Sendable (Context) -> Bool,
      compile: @Sendable (Body, TemplateCompiler) throws(TemplateError) -> Step)
  }

  let name: String
  let kind: Kind

  /// Text to be escaped; as a section, shown unless the text is nil or empty.
  static func text(_ name: String, _ value: @escaping @Sendable (Context) -> String?) -> Slot {
    Slot(name: name, kind: .text(value))
  }

  /// Markup, written `{{{name}}}`.
  static func html(_ name: String, _ value: @escaping @Sendable (Context) -> SafeHTML?) -> Slot {
    Slot(name: name, kind: .html(value))
  }

  /// A condition, for sections only.
  static func flag(_ name: String, _ value: @escaping @Sendable (Context) -> Bool) -> Slot {
    Slot(name: name, kind: .flag(value))
  }

  /// A section repeated for each part; inside it only the part's own names are known.
  static func list<Part: TemplateContext>(
    _ name: String, _ parts: @escaping @Sendable (Context) -> [Part]
  ) -> Slot {
    Slot(
      name: name,
      kind: .parts(isEmpty: { parts($0).isEmpty }) { body, compiler throws(TemplateError) in
        let steps = try compiler.compile(body, as: Part.self)
        return { context, writer in
          for part in parts(context) { for step in steps { step(part, &writer) } }
        }
      })
  }

  /// A section shown where the part is there; inside it only the part's own names are known.
  static func part<Part: TemplateContext>(
    _ name: String, _ part: @escaping @Sendable (Context) -> Part?
  ) -> Slot {
    list(name) { context in part(context).map { [$0] } ?? [] }
  }
}

/// Binds parsed templates to their contexts, and keeps count of the names that were used.
final class TemplateCompiler {
  private var unused: [ObjectIdentifier: (context: String, names: Set<String>)] = [:]

  init() {}

  /// Names that a context offers and no template compiled so far takes, as `Context.name`.
  var unusedSlots: [String] {
    unused.values.flatMap { entry in entry.names.map { "\(entry.context).\($0)" } }.sorted()
  }

  func compile<Context: TemplateContext>(
    _ nodes: [TemplateNode], as context: Context.Type
  ) throws(TemplateError) -> [Slot<Context>.Step] {
    if unused[ObjectIdentifier(context)] == nil {
      let names = Set(Context.slots.map(\.name))
      unused[ObjectIdentifier(context)] = ("\(context)", names)
    }
    var steps: [Slot<Context>.Step] = []
    for node in nodes { steps.append(try compile(node)) }
    return steps
  }

  private func compile<Context: TemplateContext>(
    _ node: TemplateNode
  ) throws(TemplateError) -> Slot<Context>.Step {
    switch node {
    case .markup(let markup): return { _, writer in writer.append(template: markup) }
    case .value(let name, let escape, let place):
      return try value(slot(name, place), escape, place)
    case .section(let name, let isInverted, let body, let place):
      return try section(slot(name, place), isInverted: isInverted, body)
    }
  }

  private func slot<Context: TemplateContext>(
    _ name: String, _ place: TemplatePlace
  ) throws(TemplateError) -> Slot<Context> {
    guard let slot = Context.slots.first(where: { $0.name == name }) else {
      let known = Context.slots.map(\.name).joined(separator: ", ")
      throw place.error("\(Context.self) has no \"\(name)\", only: \(known)")
    }
    unused[ObjectIdentifier(Context.self)]?.names.remove(name)
    return slot
  }

  private func value<Context>(
    _ slot: Slot<Context>, _ escape: Escape, _ place: TemplatePlace
  ) throws(TemplateError) -> Slot<Context>.Step {
    switch (slot.kind, escape) {
    case (.text(let get), .text):
      return { context, writer in if let text = get(context) { writer.append(text: text) } }
    case (.text(let get), .url):
      return { context, writer in if let text = get(context) { writer.append(url: text) } }
    case (.html(let get), .none):
      return { context, writer in if let html = get(context) { writer.append(html: html) } }
    case (.html, _): throw place.error("\(slot.name) is markup: write {{{\(slot.name)}}} in text")
    case (.text, .none): throw place.error("\(slot.name) is text: write {{\(slot.name)}}")
    case (.flag, _), (.parts, _): throw place.error("\(slot.name) is for sections only")
    }
  }

  private func section<Context: TemplateContext>(
    _ slot: Slot<Context>, isInverted: Bool, _ body: [TemplateNode]
  ) throws(TemplateError) -> Slot<Context>.Step {
    let isShown: @Sendable (Context) -> Bool
    switch slot.kind {
    case .text(let get): isShown = { !(get($0)?.isEmpty ?? true) }
    case .html(let get): isShown = { !(get($0)?.isEmpty ?? true) }
    case .flag(let get): isShown = get
    case .parts(let isEmpty, let compile):
      guard isInverted else { return try compile(body, self) }
      isShown = { !isEmpty($0) }
    }
    let steps = try compile(body, as: Context.self)
    return { context, writer in
      if isShown(context) != isInverted { for step in steps { step(context, &writer) } }
    }
  }
}

/// A template bound to its context, ready to be filled.
struct Template<Context: TemplateContext>: Sendable {
  private let steps: [Slot<Context>.Step]
  private var links = LinkStyle.served

  /// The same template for a document that stands alone.
  var inFile: Template {
    var template = self
    template.links = .inFile
    return template
  }

  init(_ nodes: [TemplateNode], _ compiler: TemplateCompiler) throws(TemplateError) {
    steps = try compiler.compile(nodes, as: Context.self)
  }

  func fill(_ context: Context) -> SafeHTML {
    var writer = HTMLWriter(reservingCapacity: 16 << 10, links: links)
    for step in steps { step(context, &writer) }
    return writer.finish()
  }

  func fill(_ contexts: [Context]) -> SafeHTML {
    var writer = HTMLWriter(reservingCapacity: 16 << 10, links: links)
    for context in contexts { for step in steps { step(context, &writer) } }
    return writer.finish()
  }
}
