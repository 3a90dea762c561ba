/// Edits of a JSON text in place: what is not meant keeps every byte, its layout included.
///
/// Each edit is made on a fresh reading of the text, so places never go stale.
package struct JSONEdit: Sendable {
  package private(set) var bytes: [UInt8]

  /// - Throws: where the text is no JSON of the strict kind: with comments or trailing commas its
  ///   places can't be told.
  package init(_ bytes: [UInt8]) throws(JSONError) {
    guard try !JSONDocument(bytes).wasMended else {
      throw JSONError(reason: "text that is not valid Unicode", offset: 0)
    }
    self.bytes = bytes
  }

  package var root: JSONValue {
    get throws(JSONError) { try JSONDocument(bytes).root }
  }

  /// Adds a member behind the last of an object.
  ///
  /// - Parameters:
  ///   - value: JSON text, laid out by ``Layout``.
  package mutating func add(
    _ key: String, _ value: (Layout) -> String, to object: JSONValue
  ) {
    insert(object) { "\(Self.literal(key)): " + value($0) }
  }

  /// Adds an element behind the last of an array.
  package mutating func append(_ value: (Layout) -> String, to array: JSONValue) {
    insert(array, value)
  }

  /// Removes a member of an object, or an element of an array, by its place among them.
  package mutating func remove(_ index: Int, from container: JSONValue) {
    let values = Self.values(container)
    let ends = values.map(Self.end)
    let (start, end): (Int, Int)
    if index > 0 {
      (start, end) = (ends[index - 1], ends[index])
    } else if values.count > 1 {
      // The first one goes with the comma behind it; the next takes its place.
      let comma = bytes[ends[0]...].firstIndex(of: 0x2C) ?? ends[0]
      let open = Self.start(container) + 1
      let gap = bytes[open...].prefix { Self.isSpace($0) }.count
      let next = bytes[(comma + 1)...].prefix { Self.isSpace($0) }.count
      (start, end) = (open + gap, comma + 1 + next)
    } else {
      (start, end) = (Self.start(container) + 1, ends[0])
      let rest = bytes[end...].prefix { Self.isSpace($0) }.count
      bytes.removeSubrange(start..<end + rest)
      return
    }
    bytes.removeSubrange(start..<end)
  }

  /// Puts another value into a value's place.
  package mutating func replace(_ value: JSONValue, with text: String) {
    bytes.replaceSubrange(Self.start(value)..<Self.end(value), with: Array(text.utf8))
  }

  /// How what is added has to be indented.
  package struct Layout: Sendable {
    /// Begins a line of the container's members; empty where all stands on one line.
    package let newline: String
    package let unit: String

    /// Begins a line so many levels deeper than the container's members.
    package func line(_ level: Int = 0) -> String {
      newline.isEmpty ? "" : newline + String(repeating: unit, count: level)
    }

    /// Stands between an opening bracket and what follows on the same line.
    package var gap: String { newline.isEmpty ? " " : "" }
  }

  private mutating func insert(_ container: JSONValue, _ text: (Layout) -> String) {
    let layout = layout(of: container)
    let values = Self.values(container)
    if let last = values.last {
      let comma = layout.newline.isEmpty ? ", " : ","
      bytes.insert(
        contentsOf: Array((comma + layout.line() + text(layout)).utf8), at: Self.end(last))
      return
    }
    let open = Self.start(container) + 1
    let rest = bytes[open...].prefix { Self.isSpace($0) }
    let close = layout.newline.isEmpty ? "" : closing(layout)
    bytes.replaceSubrange(
      rest.startIndex..<rest.endIndex, with: Array((layout.line() + text(layout) + close).utf8))
  }

  private func closing(_ layout: Layout) -> String {
    layout.newline.hasSuffix(layout.unit)
      ? String(layout.newline.dropLast(layout.unit.count)) : layout.newline
  }

  /// The layout of a container's members: that of those it has, else one step further in than the
  /// line it begins on.
  private func layout(of container: JSONValue) -> Layout {
    let end = hasCRLF ? "\r\n" : "\n"
    let unit = self.unit
    guard bytes.contains(0x0A) || bytes.count < 4 else { return Layout(newline: "", unit: "") }
    let open = Self.start(container)
    if !Self.values(container).isEmpty {
      let space = bytes[(open + 1)...].prefix { Self.isSpace($0) }
      guard let line = space.lastIndex(of: 0x0A) else { return Layout(newline: "", unit: "") }
      return Layout(
        newline: end + String(decoding: space[(line + 1)...], as: UTF8.self), unit: unit)
    }
    let start = bytes[..<open].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let indent = bytes[start..<open].prefix { $0 == 0x20 || $0 == 0x09 }
    return Layout(newline: end + String(decoding: indent, as: UTF8.self) + unit, unit: unit)
  }

  private var hasCRLF: Bool {
    guard let line = bytes.firstIndex(of: 0x0A) else { return false }
    return line > 0 && bytes[line - 1] == 0x0D
  }

  /// One step of indentation: that of the first line that has any.
  private var unit: String {
    var start = bytes.startIndex
    while let line = bytes[start...].firstIndex(of: 0x0A) {
      let indent = bytes[(line + 1)...].prefix { $0 == 0x20 || $0 == 0x09 }
      if !indent.isEmpty { return String(decoding: indent, as: UTF8.self) }
      start = line + 1
    }
    return "  "
  }

  private static func values(_ container: JSONValue) -> [JSONValue] {
    container.isArray ? container.elements : container.members.map(\.value)
  }

  /// A string's bytes are those between its quotes.
  private static func start(_ value: JSONValue) -> Int {
    value.sourceBytes.startIndex - (value.kind == .string ? 1 : 0)
  }

  private static func end(_ value: JSONValue) -> Int {
    value.sourceBytes.endIndex + (value.kind == .string ? 1 : 0)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  /// A text as a JSON string.
  package static func literal(_ text: String) -> String {
    String(JSONObject.array(of: [text]).dropFirst().dropLast())
  }
}
