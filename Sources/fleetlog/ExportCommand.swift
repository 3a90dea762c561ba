import FleetlogEvents
import FleetlogStore
import FleetlogWeb
import Foundation

/// Writes one session into one file.
enum ExportCommand: Verb {
  static let name = "export"
  static let operands = "SESSION"
  static let help =
    "Writes a session as one file that needs nothing else; without -o to standard output."
  static let options = [
    CommonOptions.database,
    Option(
      name: "format", value: "FORMAT",
      help: ExportFormat.allCases.map(\.rawValue).joined(separator: ", ") + " (default html)",
      choices: ExportFormat.allCases.map(\.rawValue)),
    Option(name: "output", value: "FILE", help: "where to write it", short: "o"),
    Option(name: "no-redact", value: nil, help: "leaves secrets in"),
    Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
    CommonOptions.prices, Thresholds.option,
  ]

  /// ms.
  private static let deadline: UInt64 = 60_000

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard let id = arguments.positional.first, arguments.positional.count == 1 else {
      throw UsageError("it needs one session, as fleetlog sessions lists them")
    }
    let format = arguments.value("format").flatMap(ExportFormat.init(rawValue:)) ?? .html
    // Nobody waits before a page: what takes longer than one may take is drawn all the same.
    let log = try EventLog(
      path: CommonOptions.existingDatabase(arguments), deadline: Self.deadline,
      revealsSecrets: true)
    let order = ExportOrder(
      log: log, kit: try PageKit(arguments), now: Clock.now(),
      redaction: arguments.has("no-redact") ? .none : Redaction())
    guard let export = try order.session(try log.sessionID(beginning: id), as: format) else {
      throw Failure("the log has no session \(id): fleetlog sessions lists them")
    }
    var document = export.document
    if let path = arguments.value("output"), path != "-" {
      try write(&document, to: path)
    } else {
      // In HTML and Markdown nothing steers a terminal, wherever it is looked at.
      let isJSON = format == .json || format == .ndjson
      while let bytes = try document.next() {
        Terminal.write(isJSON ? bytes.visibleJSON : bytes)
      }
    }
    return 0
  }

  /// Writes beside the place first: what is there stays until the new file is whole.
  private static func write(_ document: inout any ExportDocument, to path: String) throws {
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(
        "won't put a file in the place of \(path), which is none: name a file, or leave -o away and "
          + "say where standard output goes")
    }
    let part = path + ".\(getpid()).part"
    // A transcript is nobody else's to read; and in a folder of everybody's, somebody may have put
    // a link where it would be written.
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = open(part, flags, 0o600)
    guard descriptor >= 0 else {
      throw unwritten(path, errno)
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      while let bytes = try document.next() { try file.write(contentsOf: bytes) }
      try file.close()
    } catch {
      unlink(part)
      throw Failure(
        "can't write \(path): \(error); make room there, or name another file with -o")
    }
    guard rename(part, path) == 0 else {
      let cause = errno
      unlink(part)
      throw unwritten(path, cause)
    }
  }

  private static func unwritten(_ path: String, _ cause: Int32) -> Failure {
    let mend =
      switch cause {
      case ENOENT, ENOTDIR: "make its folder first"
      case EACCES, EPERM, EROFS: "write where you may"
      case ENAMETOOLONG: "give it a shorter name"
      default: "make room there"
      }
    return Failure(
      "can't write \(path): \(String(cString: strerror(cause))); \(mend), or name another file with -o"
    )
  }
}
