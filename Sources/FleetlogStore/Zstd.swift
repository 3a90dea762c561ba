import CZstd

/// zstd over whole buffers. Not Sendable: each thread that compresses has its own.
final class Zstd {
  /// Higher levels take twice the time for 3 %.
  private static let level: Int32 = 3
  /// A buffer for more than this, as one long line needs, is given back.
  private static let keptBytes = 4 << 20

  private let context: OpaquePointer?
  /// Reused: fresh memory for each chunk costs as much as compressing it.
  private var output: [UInt8] = []

  init() {
    context = ZSTD_createCCtx()
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level)
    // Without it a flipped bit may unpack to another text. It takes four bytes.
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// The compressed bytes; nil where they would not be fewer.
  func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    let bound = ZSTD_compressBound(bytes.count)
    if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
    defer { if output.count > Self.keptBytes { output = [] } }
    let written = output.withUnsafeMutableBytes { output in
      ZSTD_compress2(
        context, output.baseAddress, output.count, bytes.baseAddress, bytes.count)
    }
    guard ZSTD_isError(written) == 0, written < bytes.count else { return nil }
    return Array(output[..<written])
  }

  /// - Parameter size: the size to expect; more than that is refused, not allocated.
  static func decompress(_ bytes: [UInt8], size: Int) -> [UInt8]? {
    var written: Int?
    let output = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let room = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size)
      written = bytes.withUnsafeBytes { decompress($0, into: room) }
      count = written ?? 0
    }
    return written == nil ? nil : output
  }

  /// - Returns: how many bytes it came to; nil where the room is too small or the bytes are damaged.
  static func decompress(
    _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let written = ZSTD_decompress(room.baseAddress, room.count, bytes.baseAddress, bytes.count)
    return ZSTD_isError(written) == 0 ? written : nil
  }

  /// The size that compressed bytes say they come to; nil where they don't say it.
  static func size(of bytes: UnsafeRawBufferPointer) -> Int? {
    let size = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    // The two highest values mean that it is unknown, and that this is no zstd.
    return size < UInt64.max - 1 ? Int(exactly: size) : nil
  }
}
