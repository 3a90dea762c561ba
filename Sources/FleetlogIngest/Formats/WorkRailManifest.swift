import FleetlogEvents

/// `manifest.jsonl` of a WorkRail session: which segments of its event log count.
///
/// It comes to no events of its own; that a segment counts shows in the segment's.
package struct WorkRailManifestFormat: TranscriptFormat {
  package static let name = "workrail-manifest"
  package static let parserVersion = 1

  package init(file: TranscriptFile, state: String?) {}

  package var state: String { "{}" }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains { $0["manifestIndex"]?.int != nil && $0["sessionId"]?.string != nil }
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    switch value["kind"]?.string {
    case "segment_closed":
      if WorkRailSegment(value) == nil { output.skip(line, "a segment without its place") }
    case "snapshot_pinned": break
    case let kind:
      output.problems.append(
        SourceProblem(
          kind: .unknownRecord, span: line.span, reason: "unknown record kind \(kind ?? "")"))
    }
  }
}

/// A segment as the manifest names it.
package struct WorkRailSegment: Sendable, Equatable {
  /// The path below the session's folder.
  package let path: String
  /// Hexadecimal; nil where the manifest gives none.
  package let sha256: String?
  package let bytes: Int?

  init?(_ value: JSONValue) {
    guard value["kind"]?.string == "segment_closed", let path = value["segmentRelPath"]?.string,
      !path.isEmpty, !path.hasPrefix("/"), !path.split(separator: "/").contains("..")
    else { return nil }
    self.path = path
    sha256 = value["sha256"]?.string.map {
      String($0.hasPrefix("sha256:") ? $0.dropFirst(7) : $0[...]).lowercased()
    }
    bytes = value["bytes"]?.wholeNumber
  }
}

/// Reads manifests where their segments stand, and says of a file whether its turn has come.
///
/// A segment is written before the manifest names it, and is then read as if it had come after:
/// so its events don't depend on which of the two was seen first. Segments are read in the
/// manifest's order, whichever file changed last.
package struct WorkRailManifests: Sendable {
  /// What a file has to wait for.
  package enum Verdict: Sendable, Equatable {
    case ready
    /// Ready, though its bytes are not those that the manifest promises.
    case altered(reason: String)
    /// An earlier segment comes first.
    case after(FilePath)
    /// It does not count, or not yet.
    case waiting(reason: String)
  }

  private struct Known {
    let stamp: FileStamp
    let segments: [WorkRailSegment]
    /// So many of the first segments were found to be read.
    var read = 0
  }

  private var known: [FilePath: Known] = [:]

  /// Larger ones are not looked at, in bytes.
  private static let mostBytes = 64 << 20
  /// Manifests that are remembered.
  private static let most = 256

  package init() {}

  /// The manifest that a path must be named by; nil for what is no segment.
  ///
  /// A segment is `events/<first>-<last>.jsonl` in a session's folder, numbers of eight digits.
  package static func manifest(for path: FilePath) -> FilePath? {
    guard let folder = path.parent, folder.name.elementsEqual("events".utf8),
      let session = folder.parent, isSegment(path.name)
    else { return nil }
    return session.appending("manifest.jsonl")
  }

  private static func isSegment(_ name: ArraySlice<UInt8>) -> Bool {
    let stem = name.dropLast(6)
    guard name.suffix(6).elementsEqual(".jsonl".utf8) else { return false }
    let parts = stem.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return parts.count == 2
      && parts.allSatisfy { $0.count >= 8 && $0.allSatisfy { (0x30...0x39).contains($0) } }
  }

  /// - Parameter isRead: whether a segment has been read to its end.
  package mutating func verdict<Failure: Error>(
    on path: FilePath, isRead: (FilePath) throws(Failure) -> Bool
  ) throws(Failure) -> Verdict {
    guard let manifest = Self.manifest(for: path), let session = manifest.parent else {
      return .ready
    }
    guard let stamp = FileStamp.of(manifest) else {
      known[manifest] = nil
      return .waiting(reason: "its manifest is not there, so it does not count yet")
    }
    if known[manifest]?.stamp != stamp {
      if known.count >= Self.most { known.removeAll() }
      known[manifest] = Known(stamp: stamp, segments: Self.segments(of: manifest))
    }
    let segments = known[manifest]?.segments ?? []
    let name = "events/" + String(decoding: path.name, as: UTF8.self)
    guard let index = segments.firstIndex(where: { $0.path == name }) else {
      return .waiting(reason: "its manifest does not name it, so it does not count yet")
    }
    var read = known[manifest]?.read ?? 0
    while read < index {
      let earlier = session.appending(segments[read].path)
      if FileStamp.of(earlier) != nil, try !isRead(earlier) { return .after(earlier) }
      read += 1
      known[manifest]?.read = read
    }
    return Self.check(path, segments[index])
  }

  /// The segments that a manifest names: the lines up to the first that is torn.
  static func segments(of manifest: FilePath) -> [WorkRailSegment] {
    guard let data = OpenFile.content(of: manifest, limit: mostBytes) else { return [] }
    var segments: [WorkRailSegment] = []
    var names: Set<String> = []
    // What stands behind the last newline is not yet written.
    for line in data.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
      guard let value = try? JSONDocument(Array(line)).root, value.isObject else { break }
      if let segment = WorkRailSegment(value), names.insert(segment.path).inserted {
        segments.append(segment)
      }
    }
    return segments
  }

  private static func check(_ path: FilePath, _ segment: WorkRailSegment) -> Verdict {
    guard let stamp = FileStamp.of(path), stamp.size <= mostBytes else { return .ready }
    if let bytes = segment.bytes, Int64(bytes) != stamp.size {
      return .altered(
        reason: "the manifest promises \(bytes) bytes, the segment has \(stamp.size); it was read "
          + "as it stands")
    }
    guard let promised = segment.sha256,
      let data = OpenFile.content(of: path, limit: mostBytes)
    else { return .ready }
    guard FactKey.sha256(data) != promised else { return .ready }
    return .altered(
      reason: "the segment's SHA-256 is not the one that the manifest promises; it was read as it "
        + "stands")
  }
}
