/// Two texts' difference for people, line by line.
enum LineDifference {
  /// Lines around a change that are shown with it.
  private static let context = 2
  /// So many lines on either side are compared one by one; of more the whole stretch is shown.
  private static let limit = 2000

  /// Changed lines with `-` and `+`, some unchanged ones around them with a space, and `…` where
  /// lines are left out; empty where the texts are equal.
  static func text(from old: [UInt8], to new: [UInt8]) -> String {
    guard old != new else { return "" }
    let (old, new) = (lines(old), lines(new))
    let marks = compare(old, new)
    var shown = Set<Int>()
    for index in marks.indices where marks[index].sign != " " {
      for near in max(0, index - context)...min(marks.count - 1, index + context) {
        shown.insert(near)
      }
    }
    var text = ""
    var last = -1
    for index in marks.indices where shown.contains(index) {
      if index > last + 1 { text += "…\n" }
      text += marks[index].sign + " " + marks[index].line + "\n"
      last = index
    }
    return text
  }

  /// Prints a difference of files that are somebody else's.
  static func show(from old: [UInt8], to new: [UInt8]) {
    for line in text(from: old, to: new).split(separator: "\n") {
      Terminal.print(Terminal.safe(String(line)))
    }
  }

  private typealias Mark = (sign: String, line: String)

  private static func lines(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let last = lines.removeLast()
    return last.isEmpty ? lines : lines + [last + " (no newline at the end)"]
  }

  private static func compare(_ old: [String], _ new: [String]) -> [Mark] {
    let head = zip(old, new).prefix { $0 == $1 }.count
    let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed())
      .prefix { $0 == $1 }.count
    let (was, becomes) = (old[head..<old.count - tail], new[head..<new.count - tail])
    return old[..<head].map { (" ", $0) } + middle(Array(was), Array(becomes))
      + old[(old.count - tail)...].map { (" ", $0) }
  }

  /// By the longest common subsequence.
  private static func middle(_ old: [String], _ new: [String]) -> [Mark] {
    guard old.count <= limit, new.count <= limit else {
      return old.map { ("-", $0) } + new.map { ("+", $0) }
    }
    var length = [[Int]](repeating: [Int](repeating: 0, count: new.count + 1), count: old.count + 1)
    for i in old.indices.reversed() {
      for j in new.indices.reversed() {
        length[i][j] =
          old[i] == new[j] ? length[i + 1][j + 1] + 1 : max(length[i + 1][j], length[i][j + 1])
      }
    }
    var marks: [Mark] = []
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
      if i < old.count, j < new.count, old[i] == new[j] {
        marks.append((" ", old[i]))
        (i, j) = (i + 1, j + 1)
      } else if j >= new.count || (i < old.count && length[i + 1][j] >= length[i][j + 1]) {
        marks.append(("-", old[i]))
        i += 1
      } else {
        marks.append(("+", new[j]))
        j += 1
      }
    }
    return marks
  }
}
