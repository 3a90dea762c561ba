package import FleetlogEvents

/// A format turns the lines of one transcript into event drafts.
///
/// A reader is a value that is fed lines in file order. What it must remember between two lines
/// is its state, which is committed together with the cursor; so the events are the same
/// whatever the chunks in which a file was read.
package protocol TranscriptFormat: Sendable {
  /// The format's name at `/sources`, and the session's `agent` where the format implies one.
  static var name: String { get }

  /// Raised whenever the same bytes would give other events, so that `reindex` knows what to do.
  static var parserVersion: Int { get }

  /// Whether a file's first lines are of this format. Judged by content; the name may break a
  /// tie. Formats are asked in the order of ``FormatCatalogue``.
  static func recognises(_ sample: FormatSample) -> Bool

  /// - Parameters:
  ///   - file: what is known about the file beside its content.
  ///   - state: what ``state`` returned when the file was last read; nil at its beginning.
  init(file: TranscriptFile, state: String?)

  /// Takes the next line.
  mutating func read(_ line: RawLine, into output: inout FormatOutput)

  /// Told when the source has shown all it will for now (a one-shot import reached the end, or a
  /// live file has been quiet for long): what was held back is written as it stands.
  mutating func settle(into output: inout FormatOutput)

  /// What must be remembered, as JSON text.
  var state: String { get }

  /// Whether ``settle(into:)`` would write anything.
  var isHolding: Bool { get }
}

/// Of a format that holds nothing back.
extension TranscriptFormat {
  package var isHolding: Bool { false }

  package mutating func settle(into output: inout FormatOutput) {}
}

/// A file as a format sees it. The path is for attribution only and never part of a key.
package struct TranscriptFile: Sendable {
  package let path: String
  /// ms since the Unix epoch; stands in where no record carries a time.
  package let modifiedAt: Int64
  package let cap: TextCap
  /// The run whose output the lines are, where something else than the lines names it: a capture's
  /// header. A format without a session of its own writes its events into this run, whose start is
  /// told elsewhere; one with a session makes its run a child of it (``EventDraft/parentRunKey``).
  package let run: RunIdentity?
  /// The folder that the work was on, where something beside the file tells it.
  package let project: String?
  /// Which of the run's streams they are of, since two may hold the same line at the same place.
  package let stream: String?
  /// Whether the file stands in this log's own drop folder, so that ids in it are likely this log's.
  package let isDropped: Bool

  package init(
    path: String, modifiedAt: Int64, cap: TextCap = .sha256(), run: RunIdentity? = nil,
    stream: String? = nil, isDropped: Bool = false, project: String? = nil
  ) {
    self.path = path
    self.modifiedAt = modifiedAt
    self.cap = cap
    self.run = run
    self.project = project
    self.stream = stream
    self.isDropped = isDropped
  }

  /// The file's name without its last extension; that of an archive without both.
  package var stem: String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasSuffix(".jsonl.zst") { name = String(name.dropLast(".zst".count)) }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The names of the folders above the file, nearest first.
  package var folders: [String] {
    path.split(separator: "/").dropLast().reversed().map(String.init)
  }
}

/// The start of a file, for recognising its format.
package struct FormatSample: Sendable {
  package let path: String
  /// The first complete lines that are not blank, parsed where they are JSON.
  package let lines: [JSONValue?]
  /// Whether the lines are text at all, in whatever encoding.
  package let isText: Bool
  /// Whether there are lines among them that were never meant to be JSON.
  package let hasProse: Bool

  package init(path: String, lines: [JSONValue?], isText: Bool = true, hasProse: Bool = false) {
    self.path = path
    self.lines = lines
    self.isText = isText
    self.hasProse = hasProse
  }

  package var objects: [JSONValue] { lines.compactMap { $0 }.filter(\.isObject) }
}

/// One line without its newline, and where it stands.
package struct RawLine: Sendable {
  /// Bytes from the start of the file.
  package let offset: Int64
  package let bytes: [UInt8]
  /// The line's place in the file, from 0, blank and skipped lines counted too.
  package let number: Int

  package init(offset: Int64, bytes: [UInt8], number: Int) {
    self.offset = offset
    self.bytes = bytes
    self.number = number
  }

  package var span: SourceSpan { SourceSpan(offset: offset, length: Int64(bytes.count)) }
}

/// What the lines of a batch came to.
package struct FormatOutput: Sendable {
  package var drafts: [EventDraft] = []
  package var problems: [SourceProblem] = []

  package init() {}

  package mutating func skip(_ line: RawLine, _ reason: String) {
    problems.append(SourceProblem(kind: .skipped, span: line.span, reason: reason))
  }

  /// Parses a line, noting why where it can't be, or that it had to be mended.
  package mutating func parse(_ line: RawLine) -> JSONValue? {
    do throws(JSONError) {
      let document = try JSONDocument(line.bytes)
      if document.wasMended {
        problems.append(
          SourceProblem(
            kind: .mended, span: line.span,
            reason: "text that is not valid Unicode was replaced by U+FFFD"))
      }
      return document.root
    } catch {
      let isNUL = !line.bytes.isEmpty && line.bytes.allSatisfy { $0 == 0 }
      skip(line, isNUL ? "a run of NUL bytes" : "not JSON: \(error)")
      return nil
    }
  }
}

extension EventDraft {
  /// Makes the run that this starts a child of the run whose output tells of it.
  mutating func comesOutOf(_ outer: RunIdentity) {
    parentRunKey = outer.key
    links.append(.byRule("capture", .spawned, .idempotencyKey(outer.key), direction: .toThis))
  }
}
