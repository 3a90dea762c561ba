import CZstd

/// Compresses as the `zstd` program does.
package enum ZstdArchive {
  package static func of(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(bytes)
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = output.withUnsafeMutableBytes { output in
      bytes.withUnsafeBytes {
        ZSTD_compress(output.baseAddress, output.count, $0.baseAddress, $0.count, 3)
      }
    }
    precondition(ZSTD_isError(count) == 0, "zstd can't compress \(bytes.count) bytes")
    return Array(output[..<count])
  }
}
