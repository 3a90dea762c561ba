import FleetlogEvents

/// Finds the project of a Gemini session. Its files lie below `tmp/<name>/chats`, the name being
/// a short one that `projects.json` explains, or the SHA-256 of the project's path.
package enum GeminiProjects {
  /// - Parameter path: any file's.
  /// - Returns: the project's folder; nil where nothing beside the file tells it.
  package static func project(of path: FilePath) -> String? {
    guard let folder = projectFolder(above: path), let home = folder.parent?.parent else {
      return nil
    }
    if let root = text(folder.appending(".project_root"))?.trimmed, root.hasPrefix("/") {
      return root
    }
    let name = String(decoding: folder.name, as: UTF8.self)
    let registry = text(home.appending("projects.json")).flatMap { try? JSONDocument($0).root }
    return registry?["projects"]?.members.first { path, short in
      short.string == name || FactKey.sha256(path) == name
    }?.key
  }

  private static func projectFolder(above path: FilePath) -> FilePath? {
    guard let chats = path.parent, let above = chats.parent else { return nil }
    if chats.name.elementsEqual("chats".utf8) { return above }
    // A sub-agent's file lies in a folder of its own.
    return above.name.elementsEqual("chats".utf8) ? above.parent : nil
  }

  private static func text(_ path: FilePath) -> String? {
    OpenFile.content(of: path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
  }
}
