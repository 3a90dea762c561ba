import CZstd

/// Decompresses a zstd stream piece by piece.
final class ZstdStream {
  enum Step {
    /// Bytes were written, or more input is needed.
    case wrote(Int)
    /// What is not zstd, or not whole; said by the library.
    case failed(String)
  }

  private let context = ZSTD_createDCtx()
  /// Whether the last frame is complete.
  private(set) var isBetweenFrames = true

  /// The widest window that is decompressed: 32 MB, which no usual setting needs. A frame can ask
  /// for gigabytes.
  private static let mostWindowLog: Int32 = 25

  init() { ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.mostWindowLog) }

  deinit { ZSTD_freeDCtx(context) }

  /// - Parameters:
  ///   - input: compressed bytes; `taken` of them were decompressed, and it is moved on.
  ///   - output: is filled as far as the input goes.
  func step(
    _ input: UnsafeRawBufferPointer, taken: inout Int, into output: UnsafeMutableRawBufferPointer
  ) -> Step {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: taken)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = ZSTD_decompressStream(context, &target, &source)
    guard ZSTD_isError(result) == 0 else {
      return .failed(String(cString: ZSTD_getErrorName(result)))
    }
    if source.pos > taken || target.pos > 0 { isBetweenFrames = result == 0 }
    taken = source.pos
    return .wrote(target.pos)
  }
}
