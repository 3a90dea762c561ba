import Glibc

/// The names in one folder, sorted by what stands behind them. Symbolic links are never followed.
struct FolderEntries {
  /// Regular files whose names are candidates.
  var files: [FolderName: FileStamp] = [:]
  var folders: [FolderName] = []
  /// Links and special files: not opened, but not silently left out either.
  var passedOver: [PassedOver] = []
  /// Regular files with other names.
  var otherFiles = 0
  /// Where the folder itself stands.
  let identity: FileIdentity

  /// - Parameter isCandidate: which file names count, in which folders.
  static func read(
    _ path: FilePath, where isCandidate: ([UInt8], FilePath) -> Bool
  ) -> Result<FolderEntries, ReadError> {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
    let descriptor = Glibc.open(path.cString, flags)
    guard descriptor >= 0 else {
      return .failure(ReadError(operation: "list", path: path, errno: errno))
    }
    guard let stream = fdopendir(descriptor) else {
      let error = ReadError(operation: "list", path: path, errno: errno)
      Glibc.close(descriptor)
      return .failure(error)
    }
    defer { closedir(stream) }
    guard let folder = FileNode.open(descriptor) else {
      return .failure(ReadError(operation: "list", path: path, errno: errno))
    }
    var entries = FolderEntries(identity: folder.stamp.identity)
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let type = Int(entry.pointee.d_type)
      withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        { name in
          entries.add(name, type: type, in: path, descriptor: descriptor, where: isCandidate)
        }
      }
    }
    guard errno == 0 else {
      return .failure(ReadError(operation: "list", path: path, errno: errno))
    }
    return .success(entries)
  }

  private mutating func add(
    _ cName: UnsafePointer<CChar>, type: Int, in path: FilePath, descriptor: Int32,
    where isCandidate: ([UInt8], FilePath) -> Bool
  ) {
    if strcmp(cName, ".") == 0 || strcmp(cName, "..") == 0 { return }
    let name = FolderName(cName)
    // The type that comes with the name spares a look at all that is not a transcript.
    if type == Int(DT_DIR) { return folders.append(name) }
    let counts = isCandidate(name.bytes, path)
    if type == Int(DT_REG), !counts {
      otherFiles += 1
      return
    }
    guard let node = FileNode.named(cName, in: descriptor) else {
      // Gone since it was listed, unless the folder shows its names and nothing more.
      guard errno != ENOENT else { return }
      let place = path.appending(name.bytes)
      let error = ReadError(operation: "look at", path: place, errno: errno)
      return passedOver.append(PassedOver(place, .unreadable(error)))
    }
    switch node.kind {
    case .folder: folders.append(name)
    case .file where counts:
      files[name] = node.stamp.ofSource(at: path.appending(name.bytes))
    case .file: otherFiles += 1
    case .symlink: passedOver.append(PassedOver(path.appending(name.bytes), .symlink))
    case .special(let kind):
      passedOver.append(PassedOver(path.appending(name.bytes), .special(kind)))
    }
  }
}

/// A name within a folder, as bytes.
struct FolderName: Hashable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(_ name: UnsafePointer<CChar>) {
    bytes = [UInt8](UnsafeRawBufferPointer(start: name, count: strlen(name)))
  }

  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

/// Something that was found and not read, with the reason.
package struct PassedOver: Sendable, Equatable {
  package enum Reason: Sendable, Equatable {
    /// Never followed: it may lead outside or round in a circle, and what it leads to inside is
    /// read under its own name.
    case symlink
    /// A device, a FIFO or a socket; opening one can block or have effects.
    case special(String)
    case unreadable(ReadError)
  }

  package let path: FilePath
  package let reason: Reason

  init(_ path: FilePath, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// The reason for people.
  package var detail: String {
    switch reason {
    case .symlink: "a symbolic link; links are not followed"
    case .special(let kind): "a \(kind); only regular files are read"
    case .unreadable(let error): error.detail
    }
  }
}
