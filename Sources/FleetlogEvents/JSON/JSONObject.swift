/// A JSON object under construction: fields in the order they were set, written once.
package struct JSONObject: Sendable, Equatable {
  private var body: [UInt8] = []
  package private(set) var keys: [String] = []
  /// The keys again once they are many: a transcript may hold an object of a million.
  private var keySet: Set<String> = []
  private static let manyKeys = 32

  package init() {}

  package var isEmpty: Bool { keys.isEmpty }

  /// The object as JSON text.
  package var text: String {
    String(unsafeUninitializedCapacity: body.count + 2) { fill($0) }
  }

  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: body.count + 2) { $1 = fill($0) }
  }

  private func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    buffer[0] = UInt8(ascii: "{")
    let end = buffer[1...].update(fromContentsOf: body)
    buffer[end] = UInt8(ascii: "}")
    return body.count + 2
  }

  package func contains(_ key: String) -> Bool {
    keys.count < Self.manyKeys ? keys.contains(key) : keySet.contains(key)
  }

  package mutating func set(_ key: String, _ value: String?) {
    guard let value else { return }
    begin(key)
    JSONText.encode(value.utf8, into: &body)
  }

  package mutating func set(_ key: String, _ value: Int?) {
    guard let value else { return }
    begin(key)
    body.append(contentsOf: Array(String(value).utf8))
  }

  package mutating func set(_ key: String, _ value: Int64?) { set(key, value.map { Int($0) }) }

  /// Sets a number; infinities and NaN, which JSON lacks, are left out.
  package mutating func set(_ key: String, _ value: Double?) {
    guard let value, value.isFinite else { return }
    begin(key)
    body.append(contentsOf: Array("\(value)".utf8))
  }

  package mutating func set(_ key: String, _ value: Bool?) {
    guard let value else { return }
    begin(key)
    body.append(contentsOf: Array((value ? "true" : "false").utf8))
  }

  package mutating func set(_ key: String, _ value: JSONObject?) {
    guard let value else { return }
    begin(key)
    body.append(contentsOf: value.bytes)
  }

  package mutating func set(_ key: String, _ values: [String]) {
    begin(key)
    JSONObject.write(values, into: &body) { JSONText.encode($0.utf8, into: &$1) }
  }

  package mutating func set(_ key: String, _ values: [JSONObject]) {
    begin(key)
    JSONObject.write(values, into: &body) { $1.append(contentsOf: $0.bytes) }
  }

  /// Copies a value from a document, cutting strings beyond `cap`.
  package mutating func set(_ key: String, _ value: JSONValue?, cap: TextCap? = nil) {
    guard let value else { return }
    begin(key)
    JSONObject.copy(value, cap: cap, into: &body)
  }

  /// Sets text, in the cut form of ``TextCap`` where it is longer than the cap.
  package mutating func set(_ key: String, _ text: String?, cap: TextCap) {
    guard let text else { return }
    if text.utf8.count > cap.limit { set(key, cap.cut(text)) } else { set(key, text) }
  }

  /// Sets JSON text that is known to be valid, such as a column of the store.
  package mutating func set(_ key: String, json: String?) {
    guard let json else { return }
    begin(key)
    body.append(contentsOf: Array(json.utf8))
  }

  private mutating func begin(_ key: String) {
    precondition(!contains(key), "the key \(key) is set twice")
    if !keys.isEmpty { body.append(UInt8(ascii: ",")) }
    keys.append(key)
    if keys.count == Self.manyKeys { keySet = Set(keys) }
    if keys.count > Self.manyKeys { keySet.insert(key) }
    JSONText.encode(key.utf8, into: &body)
    body.append(UInt8(ascii: ":"))
  }

  /// A JSON array of strings, as the `tags` column holds it.
  package static func array(of values: [String]) -> String {
    var output: [UInt8] = []
    write(values, into: &output) { JSONText.encode($0.utf8, into: &$1) }
    return String(decoding: output, as: UTF8.self)
  }

  /// A JSON array of objects, as the `artifact_refs` column holds it.
  package static func array(of values: [JSONObject]) -> String {
    var output: [UInt8] = []
    write(values, into: &output) { $1.append(contentsOf: $0.bytes) }
    return String(decoding: output, as: UTF8.self)
  }

  private static func write<Value>(
    _ values: [Value], into output: inout [UInt8], _ encode: (Value, inout [UInt8]) -> Void
  ) {
    output.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      encode(value, &output)
    }
    output.append(UInt8(ascii: "]"))
  }

  /// A value from a document, without the layout between its tokens.
  package static func compact(_ value: JSONValue) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(value.sourceBytes.count + 2)
    copy(value, cap: nil, into: &output)
    return output
  }

  private static func copy(_ value: JSONValue, cap: TextCap?, into output: inout [UInt8]) {
    switch value.kind {
    case .null, .bool, .number: output.append(contentsOf: value.sourceBytes)
    case .string:
      if let cap, value.rawStringLength > cap.limit, let text = value.string,
        text.utf8.count > cap.limit
      {
        output.append(contentsOf: cap.cut(text).bytes)
      } else if value.canBeCopied {
        output.append(0x22)
        output.append(contentsOf: value.sourceBytes)
        output.append(0x22)
      } else {
        JSONText.encode((value.string ?? "").utf8, into: &output)
      }
    case .array:
      write(value.elements, into: &output) { copy($0, cap: cap, into: &$1) }
    case .object:
      if let cap, let cut = cap.cut(again: value) {
        output.append(contentsOf: cut.bytes)
        return
      }
      output.append(UInt8(ascii: "{"))
      for (index, member) in value.members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        JSONText.encode(member.key.utf8, into: &output)
        output.append(UInt8(ascii: ":"))
        copy(member.value, cap: cap, into: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }
}
