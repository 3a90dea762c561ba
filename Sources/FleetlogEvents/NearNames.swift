/// What may have been meant by a name that is mistyped or only half known.
package enum NearNames {
  /// Bytes; a longer name is not compared letter by letter.
  private static let longest = 64

  /// The names that contain a word or are a few letters from it: nearest first, then by name.
  package static func of(_ word: String, among names: Set<String>, limit: Int) -> [String] {
    let word = word.lowercased()
    let letters = Array(word.utf8)
    guard !letters.isEmpty else { return [] }
    let most = letters.count <= longest ? max(1, letters.count / 3) : 0
    let near = names.compactMap { name -> (edits: Int, name: String)? in
      let lowercased = name.lowercased()
      if letters.count > 2, lowercased.contains(word) { return (0, name) }
      let other = Array(lowercased.utf8)
      guard abs(other.count - letters.count) <= most else { return nil }
      let edits = edits(letters, other)
      return edits <= most ? (edits, name) : nil
    }
    return near.sorted { ($0.edits, $0.name) < ($1.edits, $1.name) }.prefix(limit).map(\.name)
  }

  /// The nearest ones as a part of a sentence, such as “, near it: events”; empty where none is near.
  package static func hint(
    _ word: String, among names: some Sequence<String>, prefix: String = ""
  ) -> String {
    let near = of(word, among: Set(names), limit: 3)
    return near.isEmpty ? "" : ", near it: " + near.map { prefix + $0 }.joined(separator: ", ")
  }

  /// How many bytes must be put in, taken out or replaced to come from one word to the other.
  private static func edits(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var row = Array(0...other.count)
    for (line, letter) in one.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for column in other.indices {
        let replaced = diagonal + (letter == other[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[other.count]
  }
}
