/// A value inside a ``JSONDocument``: a place in it, cheap to copy.
///
/// Asking for what is not there gives nil, never a trap: transcripts are not a published contract.
package struct JSONValue: Sendable {
  let document: JSONDocument
  let index: Int

  private var node: JSONDocument.Node { document.nodes[index] }

  package enum Kind: Sendable { case null, bool, number, string, array, object }

  package var kind: Kind {
    switch node.kind {
    case .null: .null
    case .bool: .bool
    case .number: .number
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }

  package var isNull: Bool { node.kind == .null }
  package var isObject: Bool { node.kind == .object }
  package var isArray: Bool { node.kind == .array }

  /// The value of a key; the last one where a key is repeated, as JavaScript takes it.
  package subscript(_ key: String) -> JSONValue? {
    guard node.kind == .object else { return nil }
    var found: Int?
    var child = index + 1
    while child < Int(node.next) {
      if isKey(child, key) { found = child + 1 }
      child = Int(document.nodes[child + 1].next)
    }
    return found.map { JSONValue(document: document, index: $0) }
  }

  private func isKey(_ child: Int, _ key: String) -> Bool {
    let name = document.nodes[child]
    guard name.isPlain else {
      return JSONValue(document: document, index: child).string == key
    }
    let count = Int(name.end - name.start)
    guard count == key.utf8.count else { return false }
    return document.bytes[Int(name.start)..<Int(name.end)].elementsEqual(key.utf8)
  }

  /// The elements of an array, empty for everything else.
  package var elements: [JSONValue] {
    guard node.kind == .array else { return [] }
    var elements: [JSONValue] = []
    var child = index + 1
    while child < Int(node.next) {
      elements.append(JSONValue(document: document, index: child))
      child = Int(document.nodes[child].next)
    }
    return elements
  }

  /// How many elements an array has, told without listing them.
  package var elementCount: Int {
    guard node.kind == .array else { return 0 }
    var count = 0
    var child = index + 1
    while child < Int(node.next) {
      count += 1
      child = Int(document.nodes[child].next)
    }
    return count
  }

  /// The members of an object in their order, repeated keys included; empty for everything else.
  package var members: [(key: String, value: JSONValue)] {
    guard node.kind == .object else { return [] }
    var members: [(key: String, value: JSONValue)] = []
    var child = index + 1
    while child < Int(node.next) {
      let key = JSONValue(document: document, index: child).string ?? ""
      members.append((key, JSONValue(document: document, index: child + 1)))
      child = Int(document.nodes[child + 1].next)
    }
    return members
  }

  package var string: String? {
    guard node.kind == .string else { return nil }
    let range = Int(node.start)..<Int(node.end)
    return document.bytes.withUnsafeBufferPointer { bytes in
      let raw = UnsafeBufferPointer(rebasing: bytes[range])
      return node.isPlain
        ? String(decoding: raw, as: UTF8.self)
        : String(decoding: JSONText.decode(raw), as: UTF8.self)
    }
  }

  /// A string's length in bytes before decoding; 0 for everything else.
  package var rawStringLength: Int { node.kind == .string ? Int(node.end - node.start) : 0 }

  package var bool: Bool? {
    node.kind == .bool ? document.bytes[Int(node.start)] == UInt8(ascii: "t") : nil
  }

  /// A whole number, also one written as `1e3` or `2.0`; nil where it does not fit.
  package var int: Int? {
    guard node.kind == .number else { return nil }
    if let number = Int(source) { return number }
    // Digits alone that don't fit are not to be rounded until they do.
    guard sourceBytes.contains(where: { [0x2E, 0x45, 0x65].contains($0) }) else { return nil }
    return Double(source).flatMap { Int(exactly: $0) }
  }

  package var double: Double? { node.kind == .number ? Double(source) : nil }

  /// The text of the value as it stands in the source.
  package var source: String { String(decoding: sourceBytes, as: UTF8.self) }

  /// The bytes of the value as they stand in the source, a string's without its quotes.
  package var sourceBytes: ArraySlice<UInt8> { document.bytes[Int(node.start)..<Int(node.end)] }

  /// The value as JSON text of its own, a string with its quotes.
  package var json: [UInt8] {
    kind == .string ? [0x22] + sourceBytes + [0x22] : Array(sourceBytes)
  }

  /// Calls back for every string value at any depth, keys left out, in the order of the source.
  package func forEachString(_ body: (String) -> Void) {
    switch node.kind {
    case .string:
      if let text = string { body(text) }
    case .array, .object:
      let step = node.kind == .object ? 1 : 0
      var child = index + 1 + step
      while child < Int(node.next) {
        JSONValue(document: document, index: child).forEachString(body)
        child = Int(document.nodes[child].next) + step
      }
    case .null, .bool, .number: break
    }
  }
}

extension JSONValue {
  /// True for a string whose source form is valid JSON, so that it can be copied unread.
  var canBeCopied: Bool {
    let node = document.nodes[index]
    return node.kind == .string && !node.needsMending
  }
}
