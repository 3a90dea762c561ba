/// Writes text as it stands in transcripts: prose, code, listings and logs, of a vocabulary that is
/// everybody's and of the names that one session is about, which come again and again.
struct TextMaker {
  var random: DemoRandom
  private let vocabulary = Vocabulary.shared
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
  mutating func code(_ size: Int, isNumbered: Bool = false) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(size + 128)
    var line = 1
    var depth = 0
    while text.count < size {
      if isNumbered {
        text += "     ".utf8
        Digits.append(line, to: &text)
        text += "→".utf8
      }
      for _ in 0..<depth { text += "    ".utf8 }
      for _ in 0...random.int(1...4) { token(into: &text) }
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
      line += 1
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
      text += vocabulary.word(rank())
      text += ": ".utf8
      for _ in 0..<3 + Int(chance >> 20 & 3) {
        text += vocabulary.word(rank())
        text.append(UInt8(ascii: " "))
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
      for _ in 0..<random.int(2...7) { token(into: &text) }
      text.append(UInt8(ascii: "\n"))
    }
    return text
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
