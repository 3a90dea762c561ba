import Glibc

/// Lists the transcripts below some folders, once.
package struct FileLister {
  package struct Listing: Sendable {
    package fileprivate(set) var files: [FileChange] = []
    package fileprivate(set) var passedOver: [PassedOver] = []
    package fileprivate(set) var folders = 0
    /// Regular files whose names are not those of transcripts.
    package fileprivate(set) var otherFiles = 0

    /// Newest first, so that what people look for is there before the archive is.
    package var newestFirst: [FileChange] {
      files.sorted {
        let (left, right) = ($0.stamp?.modified ?? 0, $1.stamp?.modified ?? 0)
        return left == right ? $0.path < $1.path : left > right
      }
    }
  }

  private let isCandidate: ([UInt8], FilePath) -> Bool

  /// - Parameter isCandidate: which file names count, in which folders.
  package init(
    where isCandidate: @escaping ([UInt8], FilePath) -> Bool = {
      TranscriptName.isCandidate($0, in: $1)
    }
  ) {
    self.isCandidate = isCandidate
  }

  /// Lists every candidate once, however the roots overlap.
  ///
  /// - Parameter roots: folders, or files, which are taken whatever their names; a root may be a
  ///   symbolic link. Nothing below a root is followed.
  package func list(_ roots: [FilePath]) -> Listing {
    var listing = Listing()
    var seen: Set<FilePath> = []
    var files: Set<FilePath> = []
    for root in roots {
      switch root.resolved().flatMap({ path in FileNode.at(path).map { (path, $0) } }) {
      case .failure(let error): listing.passedOver.append(PassedOver(root, .unreadable(error)))
      case .success((let path, let node)):
        switch node.kind {
        case .folder: list(path, into: &listing, seen: &seen, files: &files)
        case .file:
          if files.insert(path).inserted {
            listing.files.append(FileChange(path: path, stamp: node.stamp.ofSource(at: path)))
          }
        case .symlink: listing.passedOver.append(PassedOver(path, .symlink))
        case .special(let kind): listing.passedOver.append(PassedOver(path, .special(kind)))
        }
      }
    }
    return listing
  }

  private func list(
    _ root: FilePath, into listing: inout Listing, seen: inout Set<FilePath>,
    files: inout Set<FilePath>
  ) {
    var waiting = [root]
    while let path = waiting.popLast() {
      guard seen.insert(path).inserted else { continue }
      switch FolderEntries.read(path, where: isCandidate) {
      case .failure(let error): listing.passedOver.append(PassedOver(path, .unreadable(error)))
      case .success(let entries):
        listing.folders += 1
        listing.otherFiles += entries.otherFiles
        listing.passedOver += entries.passedOver
        for (name, stamp) in entries.files {
          let file = path.appending(name.bytes)
          guard files.insert(file).inserted else { continue }
          listing.files.append(FileChange(path: file, stamp: stamp))
        }
        waiting += entries.folders.map(\.bytes).filter { TranscriptName.mayStand(in: $0, of: path) }
          .map { path.appending($0) }
      }
    }
  }
}

extension FilePath {
  /// The path with every symbolic link and `..` resolved.
  func resolved() -> Result<FilePath, ReadError> {
    guard let real = realpath(cString, nil) else {
      return .failure(ReadError(operation: "resolve", path: self, errno: errno))
    }
    defer { free(real) }
    let bytes = UnsafeRawBufferPointer(start: real, count: strlen(real))
    return .success(FilePath(bytes: bytes))
  }
}
