import FleetlogEvents

/// Where a file stands below OpenCode's `storage`, which has one for each session, message and
/// part.
struct StoredRecord {
  enum Kind: String {
    case session, message, part

    /// The kind of what stands in a folder; nil outside of a `storage`.
    init?(folder: FilePath) {
      guard let kinds = folder.parent,
        let kind = Kind(rawValue: String(decoding: kinds.name, as: UTF8.self)),
        kinds.parent?.name.starts(with: "storage".utf8) ?? false
      else { return nil }
      self = kind
    }
  }

  let kind: Kind
  let storage: FilePath
  /// What the record belongs to by the name of its folder: a project, a session or a message.
  let owner: String
  /// The file's name without its ending, which in OpenCode's own files is the record's id.
  let stem: String

  init?(path: FilePath) {
    guard let folder = path.parent, let kind = Kind(folder: folder),
      let storage = folder.parent?.parent
    else { return nil }
    self.kind = kind
    self.storage = storage
    owner = String(decoding: folder.name, as: UTF8.self)
    stem = String(decoding: path.name.dropLast(".json".utf8.count), as: UTF8.self)
  }
}

/// Makes lines of OpenCode's files, each of which knows too little alone: a part does not say
/// whose words it holds, nor a message where its session works. So a line names all three,
/// whatever the order in which the files are read.
struct OpenCodeStorage: Sendable {
  /// Sessions that were looked up lately, by their place.
  private var sessions: [String: OpenCodeLine.Session] = [:]
  private static let keptSessions = 256
  /// Files of a folder that are opened to find a record whose file is not called by its id.
  private static let mostLooks = 500

  /// - Returns: nil where the message of a part can't be found.
  mutating func unroll(_ root: JSONValue, at place: StoredRecord) -> UnrolledDocument? {
    let id = root["id"]?.string ?? place.stem
    guard let line = line(root, id: id, at: place) else { return nil }
    return UnrolledDocument(name: id, records: [line])
  }

  private mutating func line(
    _ root: JSONValue, id: String, at place: StoredRecord
  ) -> [UInt8]? {
    switch place.kind {
    case .session: return OpenCodeLine.session(OpenCodeLine.Session(root, id: id), data: root)
    case .message:
      let session = session(root["sessionID"]?.string ?? place.owner, in: place.storage)
      return OpenCodeLine.message(
        id, in: session, data: root, parts: OpenCodeLine.isOver(root) ? parts(of: id, place) : [])
    case .part:
      let message = root["messageID"]?.string ?? place.owner
      guard let found = self.message(message, session: root["sessionID"]?.string, place) else {
        return nil
      }
      return OpenCodeLine.part(
        id, of: message, found.data, in: session(found.session, in: place.storage), data: root)
    }
  }

  private mutating func session(_ id: String, in storage: FilePath) -> OpenCodeLine.Session {
    let key = storage.text + "\n" + id
    if let known = sessions[key] { return known }
    let root = storage.appending("session")
    for project in folders(of: root) {
      guard let data = record(id, in: root.appending(project)) else { continue }
      if sessions.count >= Self.keptSessions { sessions = [:] }
      let session = OpenCodeLine.Session(data, id: id)
      sessions[key] = session
      return session
    }
    return OpenCodeLine.Session(id: id)
  }

  private func message(
    _ id: String, session: String?, _ place: StoredRecord
  ) -> (session: String, data: JSONValue)? {
    let root = place.storage.appending("message")
    for folder in session.map({ [Array($0.utf8)] }) ?? folders(of: root) {
      if let data = record(id, in: root.appending(folder)) {
        return (data["sessionID"]?.string ?? String(decoding: folder, as: UTF8.self), data)
      }
    }
    return nil
  }

  private func parts(of message: String, _ place: StoredRecord) -> [JSONValue] {
    let folder = place.storage.appending("part").appending(message)
    return files(of: folder).compactMap { json(folder.appending($0)) }
  }

  /// The record of an id in a folder, by the file's name; else by what the files say, since
  /// copies that people made may be called otherwise.
  private func record(_ id: String, in folder: FilePath) -> JSONValue? {
    guard !id.utf8.contains(0x2F), id != "..", id != "." else { return nil }
    if let data = json(folder.appending(id + ".json")) { return data }
    return files(of: folder).prefix(Self.mostLooks).lazy.compactMap { json(folder.appending($0)) }
      .first { $0["id"]?.string == id }
  }

  private func folders(of folder: FilePath) -> [[UInt8]] {
    guard case .success(let entries) = FolderEntries.read(folder, where: { _, _ in false }) else {
      return []
    }
    return entries.folders.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
  }

  private func files(of folder: FilePath) -> [[UInt8]] {
    let isJSON = { (name: [UInt8], _: FilePath) in name.suffix(5).elementsEqual(".json".utf8) }
    guard case .success(let entries) = FolderEntries.read(folder, where: isJSON) else { return [] }
    return entries.files.keys.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// A file's JSON; nil where there is none, or more of it than a neighbour is read for.
  private func json(_ path: FilePath) -> JSONValue? {
    guard let file = try? OpenFile(path), file.stamp.size <= 16 << 20,
      let bytes = try? file.bytes(at: 0, count: Int(file.stamp.size))
    else { return nil }
    return try? JSONDocument(bytes).root
  }
}
