import FleetlogEvents
import Glibc

/// The files that the dashboard is made of besides the program: templates, style, script, icon.
///
/// They are found explicitly and read once, so a missing file stops the start and not a request.
package struct Assets: Sendable {
  package enum File: String, Sendable, CaseIterable {
    case style = "fleetlog.css"
    case script = "fleetlog.js"
    case liveScript = "live.js"
    case lanesScript = "lanes.js"
    case graphScript = "graph.js"
    case exportScript = "export.js"
    case freshScript = "fresh.js"
    case pulseScript = "pulse.js"
    case icon = "favicon.svg"
    case attentionIcon = "favicon-attention.svg"

    /// The files in `Public` that it is put together from. Of two styles the later one prevails.
    fileprivate var parts: [String] {
      guard self == .style else { return [rawValue] }
      return [
        "base", "frame", "tables", "fleet", "graph", "overview", "events", "lanes", "session",
        "screens", "live", "export",
      ].map { "style/\($0).css" }
    }

    var contentType: String {
      switch self {
      case .style: "text/css; charset=utf-8"
      case .script, .liveScript, .freshScript, .pulseScript, .lanesScript, .graphScript,
        .exportScript:
        "text/javascript; charset=utf-8"
      case .icon, .attentionIcon: "image/svg+xml"
      }
    }

    var isPicture: Bool { self == .icon || self == .attentionIcon }
  }

  /// A file's own text, for documents that hold it. Nothing else becomes one of these.
  struct Content: Sendable {
    let bytes: [UInt8]

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }
  }

  /// Why the dashboard cannot start.
  package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// The folder that holds `Templates` and `Public`.
  package let root: String
  private let files: [File: (bytes: [UInt8], fingerprint: String)]

  /// Finds the folder: the option first, then `FLEETLOG_ASSETS`, then beside the program (also in
  /// `../share/fleetlog` and up the folders of a build), then the working directory.
  ///
  /// - Parameters:
  ///   - option: what the command line says; where it is given, nothing else is tried.
  ///   - environment: the value of `FLEETLOG_ASSETS`; likewise.
  ///   - executable: the program's own path.
  package static func locate(
    option: String?, environment: String?, executable: String, workingDirectory: String = "."
  ) throws(Failure) -> Assets {
    for (place, source) in [(option, "--assets"), (environment, "FLEETLOG_ASSETS")] {
      guard let place, !place.isEmpty else { continue }
      guard isRoot(place) else {
        throw Failure(
          description: "can't find the dashboard's files in \(place), named by \(source): it must "
            + "hold the folders Templates and Public")
      }
      return try Assets(root: place)
    }
    let candidates = candidates(executable: executable) + [workingDirectory]
    guard let root = candidates.first(where: isRoot) else {
      throw Failure(
        description: "can't find the dashboard's files (the folders Templates and Public); looked "
          + "in \(candidates.joined(separator: ", ")): name their folder with --assets or "
          + "FLEETLOG_ASSETS")
    }
    return try Assets(root: root)
  }

  package init(root: String) throws(Failure) {
    self.root = root
    var files: [File: (bytes: [UInt8], fingerprint: String)] = [:]
    for file in File.allCases {
      var content: [UInt8] = []
      for part in file.parts {
        let path = "\(root)/Public/\(part)"
        guard let bytes = Self.read(path) else {
          throw Failure(
            description: "can't read \(path): \(String(cString: strerror(errno))); install the "
              + "dashboard's files anew or name their folder with --assets")
        }
        // Within a document, this would end the element that the file is put into.
        guard file.isPicture || !String(decoding: bytes, as: UTF8.self).contains("</") else {
          throw Failure(
            description:
              "can't use \(path): no </ may stand in it; install the dashboard's files anew")
        }
        content += bytes
      }
      files[file] = (content, Self.fingerprint(content))
    }
    self.files = files
  }

  /// The address of a file; it changes with the content, so browsers may keep what they have.
  func url(of file: File) -> String {
    "/assets/\(file.rawValue)?v=\(files[file]?.fingerprint ?? "")"
  }

  /// - Parameter version: the `v` of the address; nil or another than the file's own is answered
  ///   with the file as it is now, not to be kept.
  func response(for name: String, version: String?) -> HTTPResponse? {
    guard let file = File(rawValue: name), let content = files[file] else { return nil }
    var response = HTTPResponse.bytes(content.bytes, contentType: file.contentType)
    response.headers["Cache-Control"] =
      version == content.fingerprint ? "public, max-age=31536000, immutable" : "no-cache"
    return response
  }

  func content(of file: File) -> Content { Content(bytes: files[file]?.bytes ?? []) }

  func template(_ name: String) -> [UInt8]? { Self.read("\(root)/Templates/\(name).mustache") }

  private static func isRoot(_ path: String) -> Bool {
    access("\(path)/Templates/layout.mustache", R_OK) == 0
      && access("\(path)/Public/\(File.script.rawValue)", R_OK) == 0
  }

  private static func candidates(executable: String) -> [String] {
    var folder = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    var candidates = [folder.joined(separator: "/")]
    candidates.append((folder.dropLast() + ["share", "fleetlog"]).joined(separator: "/"))
    // A build's program lies some folders deep in the package: .build/<triple>/<configuration>.
    for _ in 0..<3 where folder.count > 1 {
      folder = folder.dropLast()
      candidates.append(folder.joined(separator: "/"))
    }
    return candidates.filter { !$0.isEmpty }
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return ferror(file) == 0 ? bytes : nil }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// FNV-1a: tells contents apart, and need not withstand an attacker.
  private static func fingerprint(_ bytes: [UInt8]) -> String {
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 36)
  }
}
