import FleetlogClient
import Glibc

/// How a run inside a run passes its command's output on, so that each byte is kept once, with the
/// run that wrote it.
///
/// The inner run's output is the outer one's too, and an event block in it would count twice. So an
/// inner run that writes into the very pipe or terminal that the outer one reads puts marks around
/// it. The outer one passes on what stands between them and takes the marks out. They hold a text
/// that only the two know, so nothing that a program prints is taken for one.
struct OutputMark: Sendable {
  let begin: [UInt8]
  let end: [UInt8]

  /// Where the environment says whose reads these are: `secret;device:inode;…`.
  static let variable = "FLEETLOG_OUTPUT"

  /// Bytes that one write may hold without being mixed with another process's, marks included.
  private static let atomicBytes = 2000

  init(secret: String) {
    begin = Array("\u{1B}_\(secret)<\u{1B}\\".utf8)
    end = Array("\u{1B}_\(secret)>\u{1B}\\".utf8)
  }

  /// The mark that the reader of a descriptor knows; nil where no run around this one reads it.
  init?(for descriptor: Int32, environment: [String: String]) {
    let parts = (environment[Self.variable] ?? "").split(separator: ";").map(String.init)
    guard parts.count > 1, let place = Self.place(of: descriptor),
      parts.dropFirst().contains(place)
    else { return nil }
    self.init(secret: parts[0])
  }

  /// `device:inode` of what a descriptor leads to.
  static func place(of descriptor: Int32) -> String? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
  }

  /// Writes bytes with marks around each part.
  ///
  /// - Returns: false where the reader has gone.
  func write(_ bytes: UnsafeRawBufferPointer, to target: Int32) -> Bool {
    let most = Self.atomicBytes - begin.count - end.count
    var rest = bytes
    while !rest.isEmpty {
      let part = rest.prefix(most)
      let framed = begin + Array(part) + end
      guard framed.withUnsafeBytes({ OutputPump.write($0, to: target) }) else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[(rest.startIndex + part.count)...])
    }
    return true
  }
}

/// Takes the marks of inner runs out of what a command writes.
struct MarkSplitter {
  private let mark: OutputMark
  private var isInner = false
  /// The end of what came, where it may be the beginning of a mark.
  private var held: [UInt8] = []

  init(_ mark: OutputMark) { self.mark = mark }

  var isHolding: Bool { !held.isEmpty }

  /// Hands on what came, without marks.
  ///
  /// - Parameter take: gets bytes, and whether an inner run wrote them; false ends it all.
  mutating func split(
    _ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer, Bool) -> Bool
  ) -> Bool {
    if held.isEmpty, !isInner, !bytes.contains(0x1B) { return take(bytes, false) }
    let all = held + Array(bytes)
    held = []
    return all.withUnsafeBytes { all in
      var start = 0
      var index = 0
      while index < all.count {
        guard all[index] == 0x1B else {
          index += 1
          continue
        }
        let wanted = isInner ? mark.end : mark.begin
        let there = all[index...].prefix(wanted.count)
        guard there.elementsEqual(wanted.prefix(there.count)) else {
          index += 1
          continue
        }
        guard hand(all, start..<index, take) else { return false }
        if there.count < wanted.count {
          held = Array(there)
          return true
        }
        isInner.toggle()
        index += wanted.count
        start = index
      }
      return hand(all, start..<all.count, take)
    }
  }

  /// Hands on what was taken for the beginning of a mark and was none.
  mutating func flush(_ take: (UnsafeRawBufferPointer, Bool) -> Bool) -> Bool {
    defer { held = [] }
    return held.withUnsafeBytes { $0.isEmpty || take($0, isInner) }
  }

  private func hand(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>,
    _ take: (UnsafeRawBufferPointer, Bool) -> Bool
  ) -> Bool {
    range.isEmpty || take(UnsafeRawBufferPointer(rebasing: bytes[range]), isInner)
  }
}
