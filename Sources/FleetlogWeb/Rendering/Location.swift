import FleetlogEvents

/// An address of this dashboard: every link is built here, so every value in one is encoded.
struct Location: Sendable, Equatable, CustomStringConvertible {
  /// The encoded path.
  let path: String
  var query: [(name: String, value: String)]

  init(_ segments: String..., query: [(name: String, value: String)] = []) {
    path = "/" + segments.map(Self.encode(segment:)).joined(separator: "/")
    self.query = query
  }

  private init(path: String, query: [(name: String, value: String)]) {
    self.path = path
    self.query = query
  }

  static func events(_ filter: EventFilter = EventFilter()) -> Location {
    Location("events", query: filter.parameters)
  }

  static func event(_ id: Int64) -> Location { Location("events", String(id)) }

  static func run(_ id: Int64) -> Location { Location("runs", String(id)) }

  static func session(_ id: String) -> Location { Location("sessions", id) }

  /// The same view as JSON.
  var twin: Location { Location(path: path + ".json", query: query) }

  func adding(_ name: String, _ value: String) -> Location {
    Location(path: path, query: query + [(name, value)])
  }

  static func == (left: Location, right: Location) -> Bool {
    left.description == right.description
  }

  var description: String {
    guard !query.isEmpty else { return path }
    let items = query.map { Self.encode($0.name) + "=" + Self.encode($0.value) }
    return path + "?" + items.joined(separator: "&")
  }

  /// An id that ends like a JSON twin's path keeps its own page.
  private static func encode(segment: String) -> String {
    guard segment.hasSuffix(".json") else { return encode(segment) }
    return encode(segment.dropLast(5)) + "%2Ejson"
  }

  private static func encode(_ text: some StringProtocol) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "@"):
        encoded.append(byte)
      default:
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
