/// The bytes of a transcript that an event came from.
package struct SourceSpan: Sendable, Equatable {
  /// Bytes from the start of the file.
  package let offset: Int64
  /// Bytes, the line's newline left out.
  package let length: Int64

  package init(offset: Int64, length: Int64) {
    self.offset = offset
    self.length = length
  }
}
