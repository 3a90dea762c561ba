/// The words of the benchmark's fleet, a hundred thousand and more, by rank: the word of rank r is
/// about as likely as 1/r (Zipf), as in real transcripts. What a full-text index costs depends on
/// that far more than on the words themselves.
struct Vocabulary: Sendable {
  static let shared = Vocabulary()

  /// Powers of two: of so many words of Latin letters, and of so many ideographs.
  private static let wordOctaves = 17
  private static let ideographOctaves = 11

  private var bytes: [UInt8] = []
  private var ends: [Int32] = [0]

  private init() {
    let frequent = Self.frequent.split(whereSeparator: \.isWhitespace)
    for rank in 0..<(1 << Self.wordOctaves) {
      if rank < frequent.count {
        bytes += frequent[rank].utf8
      } else {
        bytes += Self.word(of: rank)
      }
      ends.append(Int32(bytes.count))
    }
  }

  func word(_ rank: Int) -> ArraySlice<UInt8> { bytes[Int(ends[rank])..<Int(ends[rank + 1])] }

  /// Every octave of ranks (1, 2–3, 4–7, …) is equally likely, and every rank within one.
  static func rank(_ random: inout DemoRandom) -> Int { rank(random.next(), of: wordOctaves) }

  private static func rank(_ chance: UInt64, of octaves: Int) -> Int {
    let octave = Int(((chance & 0xFFFF) * UInt64(octaves)) >> 16)
    return (1 << octave) - 1 + Int(chance >> 16) & ((1 << octave) - 1)
  }

  /// Appends an ideograph in UTF-8.
  static func appendIdeograph(_ random: inout DemoRandom, to text: inout [UInt8]) {
    let scalar = 0x4E00 + rank(random.next(), of: ideographOctaves) * 797 % 20_000
    text.append(UInt8(0xE0 | scalar >> 12))
    text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    text.append(UInt8(0x80 | scalar & 0x3F))
  }

  /// A word that can be spoken, longer the rarer it is; each rank has its own.
  private static func word(of rank: Int) -> [UInt8] {
    var word: [UInt8] = []
    var rest = rank
    repeat {
      word += syllables[rest & 63].utf8
      rest >>= 6
    } while rest > 0
    return word
  }

  private static let syllables = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v"]
    .flatMap { consonant in ["a", "en", "i", "or", "us"].map { consonant + $0 } }

  private static let frequent = """
    the to a of in and is for it that this file with on not be test error as from value if at name
    run type by use line are let bytes code return true new path string an user add check can or
    when fix null will list key call update set function read write build after now only which
    false but change index event session one table query commit all first tests server log default
    need request was state has into response should result output message before client there
    missing also config where branch because model more import than failed same case then version
    field cache database its column empty still each count worker instead already page project
    handle schema create make timeout since order without expected
    """
}
