/// Writes text as it stands in transcripts: prose, code, listings and logs, of a vocabulary that is
/// everybody's and of what one session is about, which comes again and again: names, turns of
/// phrase, and files that are read and edited many times. What an archive takes on the disk
/// depends on that.
struct TextMaker {
  var random: DemoRandom
  private let vocabulary = Vocabulary.shared
  /// Lines of code that were written, some of which are written again.
  private var idioms = Idioms()
  /// Messages of logs, which are printed again with other figures.
  private var messages = Idioms()
  /// What stands in the files, by their place in ``paths``, as far as they were opened.
  private var sources: [Int: [UInt8]] = [:]
  /// Ranks of the words that this session is about.
  private let topic: [Int]
  /// The files that it touches.
  let paths: [[UInt8]]
  /// Whether its people and its model write Chinese.
  private let isIdeographic: Bool

  init(random: DemoRandom) {
    var random = random
    topic = (0..<48).map { _ in Vocabulary.rank(&random) }
    isIdeographic = random.chance(0.06)
    self.random = random
    var files: [[UInt8]] = []
    for _ in 0..<12 { files.append(Self.path(vocabulary, topic, &self.random)) }
    paths = files
  }

  private static func path(
    _ vocabulary: Vocabulary, _ topic: [Int], _ random: inout DemoRandom
  ) -> [UInt8] {
    var path = Array(random.pick(["Sources", "src", "lib", "Tests", "app"]).utf8)
    for _ in 0...random.int(0...2) {
      path.append(UInt8(ascii: "/"))
      path += vocabulary.word(random.pick(topic))
    }
    return path + random.pick([".swift", ".ts", ".py", ".go", ".md", ".json"]).utf8
  }

  private mutating func rank() -> Int {
    let isOfTopic = random.next() & 1 == 0
    return isOfTopic ? topic[Int(random.next() % UInt64(topic.count))] : Vocabulary.rank(&random)
  }

  // MARK: Kinds of text

  /// Sentences and paragraphs of about so many bytes.
  mutating func prose(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(size + 64)
    if isIdeographic && random.chance(0.7) {
      ideographs(size, into: &text)
      return text
    }
    var words = 0
    while text.count < size {
      let chance = random.next() & 127
      if chance == 0 {
        text.append(UInt8(ascii: "`"))
        text += paths[Int(random.next() % UInt64(paths.count))]
        text.append(UInt8(ascii: "`"))
      } else {
        text += vocabulary.word(rank())
      }
      words += 1
      if words & 15 == 0 {
        text.append(UInt8(ascii: "."))
        text.append(chance < 24 ? UInt8(ascii: "\n") : UInt8(ascii: " "))
      } else {
        text.append(UInt8(ascii: " "))
      }
    }
    return text
  }

  private mutating func ideographs(_ size: Int, into text: inout [UInt8]) {
    while text.count < size {
      for _ in 0..<random.int(3...14) { Vocabulary.appendIdeograph(&random, to: &text) }
      switch random.int(0...5) {
      case 0: text += "。".utf8
      case 1:
        text.append(UInt8(ascii: " "))
        text += vocabulary.word(rank())
        text.append(UInt8(ascii: " "))
      default: text += "，".utf8
      }
    }
  }

  /// Source text: indented lines of names and signs.
  mutating func code(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(size + 128)
    var depth = 0
    while text.count < size {
      for _ in 0..<depth { text += "    ".utf8 }
      if random.chance(0.4), let line = idioms.again(&random) {
        text += line
      } else {
        let start = text.count
        for _ in 0...random.int(1...4) { token(into: &text) }
        idioms.note(text[start...])
      }
      switch random.next() & 7 {
      case 0 where depth < 5:
        text += "{".utf8
        depth += 1
      case 1 where depth > 0:
        text += "}".utf8
        depth -= 1
      case 2: text += "\"\"),".utf8
      default: break
      }
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  private mutating func token(into text: inout [UInt8]) {
    let chance = random.next()
    text += vocabulary.word(rank())
    switch chance & 7 {
    case 0:
      text.append(UInt8(ascii: "("))
      text += vocabulary.word(rank())
      text += ") ".utf8
    case 1: text += " = ".utf8
    case 2: text += ": ".utf8
    case 3:
      text.append(UInt8(ascii: "."))
      text += vocabulary.word(rank())
    case 4:
      text += " == ".utf8
      Digits.append(Int(chance >> 54), to: &text)
      text.append(UInt8(ascii: " "))
    default: text.append(UInt8(ascii: " "))
    }
  }

  /// What a build, a test run or a service prints: much of it new in every line.
  mutating func log(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(size + 160)
    while text.count < size {
      let chance = random.next()
      text += "12:".utf8
      Digits.append(10 + Int(chance & 31), to: &text)
      text.append(UInt8(ascii: ":"))
      Digits.append(10 + Int(chance >> 5 & 31), to: &text)
      text += chance & 0x1F000 == 0 ? " WARN ".utf8 : " info ".utf8
      if random.chance(0.7), let message = messages.again(&random) {
        text += message
      } else {
        let start = text.count
        text += vocabulary.word(rank())
        text += ": ".utf8
        for _ in 0..<3 + Int(chance >> 20 & 3) {
          text += vocabulary.word(rank())
          text.append(UInt8(ascii: " "))
        }
        messages.note(text[start...])
      }
      switch chance >> 30 & 3 {
      case 0:
        text += paths[Int(random.next() % UInt64(paths.count))]
        text.append(UInt8(ascii: ":"))
        Digits.append(Int(chance >> 55), to: &text)
      case 1:
        text += "id=".utf8
        Digits.appendHex(random.next(), digits: 8, to: &text)
      default:
        text += "took ".utf8
        Digits.append(Int(chance >> 52), to: &text)
        text += " ms".utf8
      }
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  /// Paths, one a line.
  mutating func listing(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    while text.count < size {
      text += paths[Int(random.next() % UInt64(paths.count))]
      text.append(UInt8(ascii: ":"))
      Digits.append(random.int(1...900), to: &text)
      text.append(UInt8(ascii: ":"))
      if random.chance(0.6), let line = idioms.again(&random) {
        text += line
      } else {
        for _ in 0..<random.int(2...7) { token(into: &text) }
      }
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  mutating func file() -> Int { random.int(0...paths.count - 1) }

  /// What stands in a file.
  mutating func source(_ file: Int) -> [UInt8] {
    if let known = sources[file] { return known }
    let text = code(TextLengths.files.draw(&random))
    sources[file] = text
    return text
  }

  /// A file as it is shown: whole, or some lines of it.
  mutating func excerpt(of file: Int, isNumbered: Bool) -> [UInt8] {
    var lines = source(file).split(separator: UInt8(ascii: "\n"))[...]
    var number = 1
    if random.chance(0.6) {
      number += random.int(0...lines.count / 2)
      lines = lines.dropFirst(number - 1).prefix(random.int(10...200))
    }
    var text: [UInt8] = []
    for line in lines {
      if isNumbered {
        text += "     ".utf8
        Digits.append(number, to: &text)
        text += "→".utf8
      }
      text += line
      text.append(UInt8(ascii: "\n"))
      number += 1
    }
    return text
  }

  /// Changes some lines of a file.
  mutating func edit(_ file: Int) -> (original: [UInt8], old: [UInt8], new: [UInt8]) {
    let original = source(file)
    let size = TextLengths.edits.draw(&random)
    let place = random.int(0...max(0, original.count - size))
    let lines = original.lines(around: place..<min(original.count, place + size))
    let new = code(TextLengths.edits.draw(&random))
    sources[file]?.replaceSubrange(lines, with: new)
    return (original, Array(original[lines]), new)
  }

  mutating func command() -> [UInt8] {
    let start = random.pick([
      "swift test --filter ", "rg -n ", "git diff -- ", "npm test -- ", "cat ", "make ",
      "git log --oneline -5 -- ", "python3 -m pytest ", "sed -n '1,200p' ",
    ])
    return Array(start.utf8) + paths[random.int(0...paths.count - 1)]
  }

  /// Letters as of a signature or of something encrypted, which no index and no codec likes.
  mutating func noise(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(size + 10)
    while text.count < size {
      var chance = random.next()
      for _ in 0..<10 {
        text.append(Digits.base64[Int(chance & 63)])
        chance >>= 6
      }
    }
    return text
  }
}

/// Lines that come again: the newest of them, in the order in which they came.
private struct Idioms {
  private var lines: [[UInt8]] = []
  private var next = 0
  private static let most = 400

  mutating func note(_ line: ArraySlice<UInt8>) {
    if lines.count < Self.most {
      lines.append(Array(line))
    } else {
      lines[next] = Array(line)
      next = (next + 1) % Self.most
    }
  }

  func again(_ random: inout DemoRandom) -> [UInt8]? {
    lines.isEmpty ? nil : lines[Int(random.next() % UInt64(lines.count))]
  }
}

extension [UInt8] {
  /// The whole lines that a range touches.
  fileprivate func lines(around range: Range<Int>) -> Range<Int> {
    let newline = UInt8(ascii: "\n")
    let start = self[..<range.lowerBound].lastIndex(of: newline).map { $0 + 1 } ?? 0
    let end = self[range.upperBound...].firstIndex(of: newline).map { $0 + 1 } ?? count
    return start..<end
  }
}
