/// A file that was found, has changed or has gone.
package struct FileChange: Sendable, Equatable {
  package let path: FilePath
  /// The file as it was seen last; nil where nothing stands at the path any more.
  package let stamp: FileStamp?

  package init(path: FilePath, stamp: FileStamp?) {
    self.path = path
    self.stamp = stamp
  }
}
