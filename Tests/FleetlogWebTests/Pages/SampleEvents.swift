import FleetlogDerive
import FleetlogEvents

@testable import FleetlogWeb

extension Assets {
  /// The dashboard's files of this package.
  static func ofThisPackage() throws -> Assets {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return try Assets(root: "/" + root)
  }
}

extension Templates {
  static func ofThisPackage() throws -> Templates {
    let assets = try Assets.ofThisPackage()
    return try Templates(load: assets.template)
  }
}

extension PageKit {
  /// The files of this package, the rules as they are, no prices and no repository.
  static func ofThisPackage() throws -> PageKit {
    try PageKit(
      assets: .ofThisPackage(), rules: Synthesizer(), prices: .none, differences: NoRepository())
  }
}

extension SafeHTML {
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The tags of some HTML in order, each with the names of its attributes: what a browser builds
/// from it, without the text.
func structure(of html: String) -> [String] {
  var tags: [String] = []
  var rest = html[...]
  while let open = rest.firstIndex(of: "<") {
    rest = rest[open...]
    var tag = ""
    var quote: Character?
    var end = rest.endIndex
    for index in rest.indices {
      let character = rest[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else {
        tag.append(character)
        if character == ">" {
          end = rest.index(after: index)
          break
        }
      }
    }
    tags.append(tag)
    rest = rest[end...]
  }
  return tags
}

/// A machine without repositories.
struct NoRepository: DiffCounting {
  func count(in folder: String, from first: String, to last: String) -> DiffOutcome {
    .absent("The repository is not on this machine.")
  }
}
