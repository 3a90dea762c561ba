import FleetlogEvents

/// Brings long JSON into the form in which the log keeps it. Not Sendable: a writer has its own.
///
/// What tools read and print is most of a log. A payload that holds much of it is kept compressed,
/// in `payload_packed`; `payload_json` is then the same object with its long texts cut, in which SQL
/// finds every number, name and flag without unpacking anything. What parsers remember is kept
/// likewise, with nothing beside it. The SQL function `unpacked` gives what there was; where that is
/// damaged, what stands beside it, in which each text that was cut says so.
final class TextPacker {
  /// The two columns of a text.
  struct Packed {
    var text: Value
    var packed: Value = .null

    /// A text as it is.
    init(whole text: String?) { self.text = Value(text) }
  }

  /// Bytes below which packing would save less than it costs.
  private static let smallest = 1024
  /// Bytes of JSON of a text that is cut, and of what stays of it.
  private static let long = 256
  private static let kept = 128
  private static let mark = "…"
  /// What follows the mark where the rest can't be had.
  private static let damage = " [what follows is damaged in the log: see fleetlog doctor]"

  private let zstd = Zstd()

  /// A text of which nothing is asked but the whole.
  func pack(_ text: String?) -> Packed { pack(text) { _ in nil } }

  /// JSON in which SQL looks for what it says besides long texts.
  func pack(payload: String?) -> Packed { pack(payload) { Self.cut($0) } }

  private func pack(
    _ text: String?, beside: (UnsafeBufferPointer<UInt8>) -> [UInt8]?
  ) -> Packed {
    var result = Packed(whole: text)
    guard var text, text.utf8.count >= Self.smallest else { return result }
    text.withUTF8 { bytes in
      let rest = beside(bytes)
      guard let packed = zstd.compress(UnsafeRawBufferPointer(bytes)),
        (rest?.count ?? 0) + packed.count <= bytes.count / 4 * 3
      else { return }
      result.text = rest.map { .utf8($0) } ?? .null
      result.packed = .blob(packed)
    }
    return result
  }

  /// JSON with its long texts cut; keys stay, since two could become the same.
  static func cut(_ json: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    ending(json, with: mark) { text in
      text.count > long ? boundary(json, from: text.lowerBound, within: kept) : nil
    }
  }

  /// What ``cut(_:)`` gave, with a note at the end of each text that was cut.
  static func noteDamage(in json: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    // A text is cut before the character or escape that goes beyond what is kept.
    let lengths = kept - 12 + mark.utf8.count...kept + mark.utf8.count
    return ending(json, with: damage) { text in
      let wasCut =
        lengths.contains(text.count) && json[text].suffix(mark.utf8.count).elementsEqual(mark.utf8)
      return wasCut ? text.upperBound : nil
    }
  }

  /// Whether a payload has such a note, unless it says the same itself.
  static func mayBeDamaged(_ payload: String) -> Bool { payload.contains(bytesOf: damage) }

  /// JSON in which each text for which `end` has a place ends there, with `suffix`.
  private static func ending(
    _ json: UnsafeBufferPointer<UInt8>, with suffix: String, _ end: (Range<Int>) -> Int?
  ) -> [UInt8] {
    var output: [UInt8] = []
    var copied = 0
    var index = 0
    while index < json.count {
      guard json[index] == quote else {
        index += 1
        continue
      }
      let text = index + 1..<self.end(of: json, from: index + 1)
      index = text.upperBound + 1
      guard let end = end(text), !isKey(json, before: index) else { continue }
      output += json[copied..<end]
      output += suffix.utf8
      copied = text.upperBound
    }
    output += json[min(copied, json.count)...]
    return output
  }

  private static let quote = UInt8(ascii: "\"")
  private static let escape = UInt8(ascii: "\\")

  /// The place of the quote that closes a text.
  private static func end(of json: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    while index < json.count, json[index] != quote { index += json[index] == escape ? 2 : 1 }
    return min(index, json.count)
  }

  private static func isKey(_ json: UnsafeBufferPointer<UInt8>, before end: Int) -> Bool {
    var index = end
    while index < json.count, json[index] <= 0x20 { index += 1 }
    return index < json.count && json[index] == UInt8(ascii: ":")
  }

  /// The last place within so many bytes of a text where neither a character nor an escape is torn.
  private static func boundary(
    _ json: UnsafeBufferPointer<UInt8>, from start: Int, within count: Int
  ) -> Int {
    var index = start
    while true {
      let next = index + length(ofUnit: json, at: index)
      guard next <= start + count else { return index }
      index = next
    }
  }

  /// Bytes of the character or escape at a place; of one that needs two escapes, both.
  private static func length(ofUnit json: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    switch json[index] {
    case escape:
      guard index + 3 < json.count, json[index + 1] == UInt8(ascii: "u") else { return 2 }
      let isHighHalf =
        json[index + 2] | 0x20 == UInt8(ascii: "d") && "89abAB".utf8.contains(json[index + 3])
      return isHighHalf ? 12 : 6
    case 0xF0...: return 4
    case 0xE0...: return 3
    case 0xC0...: return 2
    default: return 1
    }
  }
}
