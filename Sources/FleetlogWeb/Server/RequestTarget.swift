/// The path and query of a request line, taken apart before anything is decoded.
struct RequestTarget {
  let path: String
  let segments: [String]
  let query: [QueryItem]

  /// A part that cannot be decoded.
  struct Undecodable: Error {
    /// The query parameter at fault, or `nil` when it is the path.
    let parameter: String?
    let message: String
  }

  /// The path as sent, for answering about a target whose rest makes no sense.
  static func rawPath(of target: some Collection<UInt8>) -> String {
    String(decoding: target.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
  }

  init(_ target: some Collection<UInt8>) throws(Undecodable) {
    path = Self.rawPath(of: target)
    segments = try Self.segments(of: target.prefix { $0 != UInt8(ascii: "?") })
    query = try Self.items(of: target.drop { $0 != UInt8(ascii: "?") }.dropFirst())
  }

  private static func segments(
    of path: some Collection<UInt8>
  ) throws(Undecodable) -> [String] {
    let inside = path.dropFirst()
    guard !inside.isEmpty else { return [] }
    var segments: [String] = []
    for piece in inside.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      do {
        segments.append(try PercentEncoding.decode(piece, plusIsSpace: false))
      } catch {
        throw Undecodable(parameter: nil, message: "The path \(error.explanation).")
      }
    }
    return segments
  }

  private static func items(
    of query: some Collection<UInt8>
  ) throws(Undecodable) -> [QueryItem] {
    var items: [QueryItem] = []
    for piece in query.split(separator: UInt8(ascii: "&")) {
      let rawName = piece.prefix { $0 != UInt8(ascii: "=") }
      let name: String
      do {
        name = try PercentEncoding.decode(rawName, plusIsSpace: true)
      } catch {
        let shown = String(decoding: rawName, as: UTF8.self)
        throw Undecodable(
          parameter: shown, message: "The parameter name “\(shown)” \(error.explanation).")
      }
      guard rawName.endIndex != piece.endIndex else {
        items.append(QueryItem(name: name, value: nil))
        continue
      }
      do {
        let value = try PercentEncoding.decode(
          piece[rawName.endIndex...].dropFirst(), plusIsSpace: true)
        items.append(QueryItem(name: name, value: value))
      } catch {
        throw Undecodable(
          parameter: name, message: "The value of the parameter “\(name)” \(error.explanation).")
      }
    }
    return items
  }
}
