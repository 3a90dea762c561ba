/// A shell script taken apart into its simple commands, as far as that can be done without running
/// it: quotes, escapes, here-documents, comments, and the operators between commands.
///
/// What stands inside quotes or a here-document is a word or input of its command, never a command.
struct ShellCommand {
  /// The simple commands in their order, each a list of words.
  private(set) var commands: [[String]] = []

  /// Longer scripts are not looked through.
  private static let limit = 64 << 10

  init(_ script: String) {
    guard script.utf8.count <= Self.limit else { return }
    var reader = Reader(bytes: Array(script.utf8))
    reader.read()
    commands = reader.commands.map(Self.unwrapped).filter { !$0.isEmpty }
  }

  /// Without variable assignments in front and without what only runs another command.
  private static func unwrapped(_ words: [String]) -> [String] {
    var words = words[...]
    while let first = words.first {
      if isAssignment(first) || wrappers.contains(first) {
        words = words.dropFirst()
      } else if first == "timeout" || first == "nice" {
        words = words.dropFirst().drop { $0.hasPrefix("-") || $0.first?.isNumber == true }
      } else {
        break
      }
    }
    return Array(words)
  }

  private static let wrappers: Set<String> = [
    "sudo", "env", "command", "exec", "nohup", "time", "then", "do", "else", "!", "{", "(", "if",
    "while",
  ]

  private static func isAssignment(_ word: String) -> Bool {
    guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
    return word[..<equals].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0
    var commands: [[String]] = []
    private var words: [String] = []
    private var word: [UInt8] = []
    private var hasWord = false
    /// The ends of here-documents whose text begins on the next line.
    private var hereDocuments: [String] = []
    private var expectsDelimiter = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func read() {
      while index < bytes.count {
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\\"): escape()
        case UInt8(ascii: "'"): quote(until: byte, escapes: false)
        case UInt8(ascii: "\""): quote(until: byte, escapes: true)
        case 0x20, 0x09, 0x0D: endWord()
        case 0x0A: endLine()
        case UInt8(ascii: "#") where !hasWord: skipComment()
        case UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"),
          UInt8(ascii: "`"):
          endCommand()
        case UInt8(ascii: "&"):
          if !isRedirection { endCommand() } else { add(byte) }
        case UInt8(ascii: "<") where peek == byte: hereDocument()
        default: add(byte)
        }
      }
      endCommand()
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// `2>&1`, `&>file`.
    private var isRedirection: Bool {
      word.last == UInt8(ascii: ">") || peek == UInt8(ascii: ">")
    }

    private mutating func add(_ byte: UInt8) {
      word.append(byte)
      hasWord = true
    }

    private mutating func escape() {
      guard let next = peek else { return }
      index += 1
      if next != 0x0A { add(next) }
    }

    private mutating func quote(until end: UInt8, escapes: Bool) {
      hasWord = true
      while index < bytes.count {
        let byte = bytes[index]
        index += 1
        if byte == end { return }
        if escapes, byte == UInt8(ascii: "\\"), let next = peek {
          index += 1
          word.append(next)
        } else {
          word.append(byte)
        }
      }
    }

    private mutating func hereDocument() {
      index += 1
      if peek == UInt8(ascii: "<") {
        index += 1
        return
      }
      if peek == UInt8(ascii: "-") { index += 1 }
      endWord()
      expectsDelimiter = true
    }

    private mutating func endWord() {
      guard hasWord else { return }
      let text = String(decoding: word, as: UTF8.self)
      if expectsDelimiter {
        hereDocuments.append(text)
        expectsDelimiter = false
      } else {
        words.append(text)
      }
      word = []
      hasWord = false
    }

    private mutating func endCommand() {
      endWord()
      if !words.isEmpty { commands.append(words) }
      words = []
    }

    private mutating func endLine() {
      endCommand()
      for delimiter in hereDocuments { skip(to: delimiter) }
      hereDocuments = []
    }

    private mutating func skip(to delimiter: String) {
      while index < bytes.count {
        let end = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
        let line = String(decoding: bytes[index..<end], as: UTF8.self)
        index = min(end + 1, bytes.count)
        if line.trimmingPrefix(while: { $0 == "\t" }) == delimiter { return }
      }
    }

    private mutating func skipComment() {
      while let next = peek, next != 0x0A { index += 1 }
    }
  }
}
