/// The contract's text as a marked section of an instruction file. Pure; works on bytes, of which
/// none outside the section changes.
///
/// The opening mark says how the section was joined to what stood before it, so that it can be
/// taken out without a trace.
package enum ContractSection {
  static let beginMark = "<!-- FLEETLOG_CONTRACT_BEGIN"
  static let endMark = "<!-- FLEETLOG_CONTRACT_END -->"

  /// What stood before the section when it was put in.
  enum Joint: String {
    /// No file: the section made it.
    case nothing
    /// An empty file.
    case empty
    /// Text whose last line was complete.
    case line
    /// Text without a newline at its end.
    case text
  }

  /// Why a file can't be edited, and what to mend.
  package struct Refusal: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// The file's content with the section in it, current.
  ///
  /// - Parameter file: nil where there is no file.
  package static func install(in file: [UInt8]?) throws(Refusal) -> [UInt8] {
    let content = file ?? []
    guard let found = try find(in: content) else {
      let newline = newline(of: content)
      let start = contentStart(content)
      let joint: Joint =
        file == nil
        ? .nothing : content.count == start ? .empty : content.last == 0x0A ? .line : .text
      let gap = String(repeating: newline, count: gap(joint))
      let tail = joint == .text ? "" : newline
      return content + Array((gap + section(joint, newline) + tail).utf8)
    }
    return Array(content[..<found.begin]) + Array(section(found.joint, found.newline).utf8)
      + Array(content[found.end...])
  }

  /// The file's content without the section, as it was before.
  ///
  /// - Returns: nil where there was no file before and nothing else is in it.
  package static func remove(from content: [UInt8]) throws(Refusal) -> [UInt8]? {
    guard let found = try find(in: content) else { return content }
    var (begin, end) = (found.begin, found.end)
    let newline = Array(found.newline.utf8)
    for _ in 0..<gap(found.joint) where content[..<begin].suffix(newline.count) == newline[...] {
      begin -= newline.count
    }
    if found.joint != .text, content[end...].starts(with: newline) { end += newline.count }
    let rest = Array(content[..<begin]) + Array(content[end...])
    return rest.isEmpty && found.joint == .nothing ? nil : rest
  }

  /// The version of the contract that a file holds; nil where it holds none.
  package static func version(in content: [UInt8]) throws(Refusal) -> String? {
    try find(in: content)?.version
  }

  private static func section(_ joint: Joint, _ newline: String) -> String {
    let begin = "\(beginMark) version=\(EventContract.version) joined=\(joint.rawValue) -->"
    let lines = [begin, ContractPrompt.text, endMark].joined(separator: "\n")
    return newline == "\n" ? lines : lines.replacing("\n", with: newline)
  }

  /// How many newlines stand between the section and what was before it.
  private static func gap(_ joint: Joint) -> Int {
    switch joint {
    case .nothing, .empty: 0
    case .line: 1
    case .text: 2
    }
  }

  private static func contentStart(_ content: [UInt8]) -> Int {
    content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  private static func newline(of content: [UInt8]) -> String {
    guard let line = content.firstIndex(of: 0x0A) else { return "\n" }
    return line > 0 && content[line - 1] == 0x0D ? "\r\n" : "\n"
  }
}

extension ContractSection {
  private struct Found {
    /// Bytes: the marks' lines included, the newline behind the last left out.
    let begin: Int
    let end: Int
    let joint: Joint
    let version: String?
    /// How the section's own lines end: so do the newlines that were put in with it.
    let newline: String
  }

  /// Finds the one section; marks count only where they begin a line.
  private static func find(in content: [UInt8]) throws(Refusal) -> Found? {
    guard String(validating: content, as: UTF8.self) != nil, !content.contains(0) else {
      throw Refusal(description: "it is no UTF-8 text: is it the right file?")
    }
    var open: (place: Int, line: Int, text: String, newline: String)?
    var found: Found?
    var number = 0
    var place = contentStart(content)
    while place < content.count {
      number += 1
      let end = content[place...].firstIndex(of: 0x0A) ?? content.count
      let line = String(decoding: content[place..<end], as: UTF8.self).trimmed
      if line.hasPrefix(beginMark) {
        if let open {
          throw Refusal(
            description: "the section that begins on line \(open.line) is not closed before "
              + "another begins on line \(number): delete one of the two, and run this again")
        }
        if found != nil {
          throw Refusal(
            description: "a second section begins on line \(number): delete one, and run this again"
          )
        }
        let isCRLF = end > place && end < content.count && content[end - 1] == 0x0D
        open = (place, number, line, isCRLF ? "\r\n" : "\n")
      } else if line.hasPrefix(endMark.dropLast(4)) {
        guard let begun = open else {
          throw Refusal(
            description: "a section ends on line \(number) that never begins: delete that line, "
              + "and what is left of the section above it, and run this again")
        }
        let stop = end > place && content[end - 1] == 0x0D ? end - 1 : end
        found = section(begun.place, stop, mark: begun.text, newline: begun.newline)
        open = nil
      }
      place = end + 1
    }
    if let open {
      throw Refusal(
        description: "the section that begins on line \(open.line) has no end: put “\(endMark)” "
          + "on a line of its own behind it, or delete it, and run this again")
    }
    return found
  }

  private static func section(
    _ begin: Int, _ end: Int, mark: String, newline: String
  ) -> Found {
    func value(_ name: String) -> String? {
      mark.split(separator: " ").first { $0.hasPrefix(name + "=") }
        .map { String($0.dropFirst(name.utf8.count + 1)) }
    }
    return Found(
      begin: begin, end: end, joint: value("joined").flatMap(Joint.init) ?? .line,
      version: value("version"), newline: newline)
  }
}
