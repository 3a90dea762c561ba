// The whole of Foundation takes longer to load than many a command that `fleetlog run` starts.
import FoundationEssentials

/// A parser's memory as the text that is committed beside its cursor.
enum ParserState {
  /// - Returns: nil at a file's beginning, and where the text is of another parser: the file is
  ///   then read on as if nothing were remembered, and its keys keep facts from being written twice.
  static func decode<Memory: Decodable>(_ state: String?) -> Memory? {
    state.flatMap { try? JSONDecoder().decode(Memory.self, from: Data($0.utf8)) }
  }

  /// Keys sorted, so that equal memories are equal texts.
  static func encode(_ memory: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(memory)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
