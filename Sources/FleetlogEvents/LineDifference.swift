/// Two texts' difference, line by line.
package enum LineDifference {
  package enum Sign: String, Sendable {
    case same = " "
    case removed = "-"
    case added = "+"
    /// In place of unchanged lines that are left out.
    case gap = "…"
  }

  package struct Line: Equatable, Sendable {
    package let sign: Sign
    package let text: String

    package init(_ sign: Sign, _ text: String) {
      self.sign = sign
      self.text = text
    }
  }

  /// Pairs of lines that are compared one by one; of more the whole stretch is shown.
  package static let mostPairs = 4_000_000

  /// Changed lines with some unchanged ones around them; empty where the texts are equal.
  ///
  /// - Parameters:
  ///   - context: unchanged lines around a change.
  ///   - pairs: how many pairs of lines may be compared: the cost in time and, at 4 bytes, memory.
  ///   - isWhole: whether these are whole files, which should end in a newline.
  package static func lines(
    from old: String, to new: String, context: Int = 2, pairs: Int = mostPairs,
    isWhole: Bool = false
  ) -> [Line] {
    guard old != new else { return [] }
    let marks = compare(split(old, isWhole), split(new, isWhole), pairs)
    var isShown = [Bool](repeating: false, count: marks.count)
    for index in marks.indices where marks[index].sign != .same {
      for near in max(0, index - context)...min(marks.count - 1, index + context) {
        isShown[near] = true
      }
    }
    var lines: [Line] = []
    var last = -1
    for index in marks.indices where isShown[index] {
      if index > last + 1 { lines.append(Line(.gap, "")) }
      lines.append(marks[index])
      last = index
    }
    return lines
  }

  private static func split(_ text: String, _ isWhole: Bool) -> [String] {
    var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let last = lines.removeLast()
    return last.isEmpty ? lines : lines + [isWhole ? last + " (no newline at the end)" : last]
  }

  private static func compare(_ old: [String], _ new: [String], _ pairs: Int) -> [Line] {
    let head = zip(old, new).prefix { $0 == $1 }.count
    let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed())
      .prefix { $0 == $1 }.count
    let (was, becomes) = (old[head..<old.count - tail], new[head..<new.count - tail])
    return old[..<head].map { Line(.same, $0) } + middle(Array(was), Array(becomes), pairs)
      + old[(old.count - tail)...].map { Line(.same, $0) }
  }

  /// By the longest common subsequence.
  private static func middle(_ old: [String], _ new: [String], _ pairs: Int) -> [Line] {
    let (product, isTooMany) = old.count.multipliedReportingOverflow(by: new.count)
    guard !isTooMany, product <= pairs, !old.isEmpty, !new.isEmpty else {
      return old.map { Line(.removed, $0) } + new.map { Line(.added, $0) }
    }
    let width = new.count + 1
    var length = [Int32](repeating: 0, count: (old.count + 1) * width)
    for i in old.indices.reversed() {
      for j in new.indices.reversed() {
        let place = i * width + j
        length[place] =
          old[i] == new[j]
          ? length[place + width + 1] + 1 : max(length[place + width], length[place + 1])
      }
    }
    var lines: [Line] = []
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
      if i < old.count, j < new.count, old[i] == new[j] {
        lines.append(Line(.same, old[i]))
        (i, j) = (i + 1, j + 1)
      } else if j >= new.count
        || (i < old.count && length[(i + 1) * width + j] >= length[i * width + j + 1])
      {
        lines.append(Line(.removed, old[i]))
        i += 1
      } else {
        lines.append(Line(.added, new[j]))
        j += 1
      }
    }
    return lines
  }
}
