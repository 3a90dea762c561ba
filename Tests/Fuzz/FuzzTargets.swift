import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import FleetlogWeb
import Foundation

@testable import FleetlogWeb

/// What libFuzzer feeds; `FLEETLOG_FUZZ` names one when the program runs.
///
/// A target finds more than crashes: what must hold of every input is checked as well.
enum FuzzTarget: String, CaseIterable {
  case claude
  case claudeStream = "claude-stream"
  case codex
  case codexExec = "codex-exec"
  case gemini
  case openCode = "opencode"
  case document
  case archive
  case eventLog = "eventlog"
  case forgeWorker = "forge-worker"
  case capture
  case post
  case hooks
  case textLog = "log"
  case forge = "forge-loop"
  case workRail = "workrail"
  case workRailDaemon = "workrail-daemon"
  case settings
  case eventBlock = "event-block"
  case search
  case json
  case markdown

  static let chosen: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FLEETLOG_FUZZ"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
      fatalError(
        "can't fuzz \"\(name)\": set FLEETLOG_FUZZ to one of "
          + allCases.map(\.rawValue).joined(separator: ", "))
    }
    return target
  }()

  func run(_ bytes: [UInt8]) {
    switch self {
    case .claude: read(ClaudeFormat.self, bytes)
    case .claudeStream: read(ClaudeStreamFormat.self, bytes)
    case .codex: read(CodexFormat.self, bytes)
    case .codexExec: read(CodexExecFormat.self, bytes)
    case .gemini: read(GeminiFormat.self, bytes)
    case .openCode: read(OpenCodeFormat.self, bytes)
    case .document: unroll(bytes, as: "session-1.json")
    case .archive: unroll(bytes, as: "a.jsonl.zst")
    case .eventLog: read(EventLogFormat.self, bytes)
    case .forgeWorker: read(ForgeWorkerFormat.self, bytes)
    case .forge: read(ForgeFormat.self, bytes)
    case .workRail: read(WorkRailFormat.self, bytes)
    case .workRailDaemon: read(WorkRailDaemonFormat.self, bytes)
    case .capture: read(CaptureFormat.self, bytes)
    case .post: post(bytes)
    case .hooks: read(HookFormat.self, bytes)
    case .textLog: read(LogFormat.self, bytes)
    case .settings: edit(bytes)
    case .eventBlock: scan(String(decoding: bytes, as: UTF8.self))
    case .search: search(String(decoding: bytes, as: UTF8.self))
    case .json: parse(bytes)
    case .markdown: render(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// A file gives the same events whatever the batches in which it is read.
  private func read<Format: TranscriptFormat>(_ format: Format.Type, _ bytes: [UInt8]) {
    let whole = FormatRun.read(format, bytes)
    let pieces = FormatRun.read(format, bytes, restoring: true)
    expect(
      Golden.events(whole) == Golden.events(pieces),
      "a restart between two lines changes what they come to")
    expect(whole.drafts.allSatisfy { $0.idempotencyKey?.isEmpty == false }, "an event has no key")
    _ = Format.recognises(
      FormatCatalogue.sample(path: "/a/b.jsonl", lines: FormatRun.lines(bytes).map(\.bytes)))
  }

  /// Whatever stands in a file that is no lines: what comes of it are lines, each behind the one
  /// before, and nothing more comes of it when it is looked at again.
  private func unroll(_ bytes: [UInt8], as name: String) {
    let folder = Self.folder
    // Without a disk there is nothing to fuzz: the run ends, and says why.
    guard let path = try? folder.write(name, bytes) else { fatalError("can't write a file") }
    var reader = SourceReader()
    var cursor: Cursor?
    var offset: Int64 = 0
    while let batch = try? reader.read(path, from: cursor, budget: 1000) {
      for line in batch.lines {
        expect(!line.bytes.contains(0x0A), "a line holds a newline")
        expect(line.offset >= offset, "a line stands before the one before it")
        offset = line.offset + Int64(line.bytes.count) + 1
      }
      expect(Cursor(text: batch.next.text) == batch.next, "a cursor does not survive being stored")
      cursor = batch.next
      if batch.reachedEnd { break }
    }
    var other = SourceReader()
    guard let cursor, let again = try? other.read(path, from: cursor) else { return }
    expect(again.lines.isEmpty && again.restart == nil, "what was told is told again")
  }

  private static let folder: TemporaryFolder = {
    // As above.
    guard let folder = try? TemporaryFolder.make() else { fatalError("can't make a folder") }
    return folder
  }()

  /// Whatever is posted is refused, or answered event by event in the shape of the question.
  private func post(_ bytes: [UInt8]) {
    for type in ["application/json", "application/x-ndjson"] {
      guard let events = try? PostedEvents.read(bytes, contentType: type) else { continue }
      var format = EventLogFormat(receivedAt: 0)
      for event in events {
        var output = FormatOutput()
        format.read(RawLine(offset: 0, bytes: event, number: 1), into: &output)
        expect(
          output.drafts.isEmpty != output.problems.isEmpty || !output.drafts.isEmpty,
          "an event came to nothing")
        expect(output.drafts.allSatisfy { $0.span == nil }, "a posted event has a receipt")
      }
    }
  }

  /// Whatever file the contract is put into holds what it held, and again so without it.
  private func edit(_ bytes: [UInt8]) {
    guard let with = try? ContractSection.install(in: bytes) else { return }
    expect((try? ContractSection.install(in: with)) == with, "installing twice changes something")
    guard (try? ContractSection.version(in: bytes)) == .some(nil) else { return }
    expect((try? ContractSection.remove(from: with)) == bytes, "removing leaves a trace")
  }

  /// What is certain of a message's beginning stays so however it goes on.
  private func scan(_ text: String) {
    let whole = EventBlock.scan(text, isComplete: true)
    for finding in whole.findings {
      switch finding {
      case .block(let body, _): _ = EventContract.admit(block: body)
      case .summaryLine(let body, _): _ = EventContract.admit(summaryLine: body)
      case .broken, .fenced: break
      }
    }
    _ = EventContract.admit(block: text)
    guard let newline = text.lastIndex(of: "\n") else { return }
    let start = EventBlock.scan(String(text[..<newline]), isComplete: false)
    expect(whole.findings.starts(with: start.findings), "a finding is taken back")
  }

  /// Whatever is typed is a question that can be answered.
  private func search(_ text: String) {
    var filter = EventFilter()
    filter.text = text
    do {
      for row in try Self.log.events(filter).rows { _ = row.snippet }
    } catch {
      fatalError("the search failed: \(error)")
    }
  }

  private static let log: EventLog = {
    do {
      let log = try TemporaryLog()
      var draft = EventDraft(
        .messageUser, ts: 0,
        run: RunIdentity(key: "run:a", instanceID: "a", role: "worker", sessionID: "s"),
        sourceKind: .operator, summary: "some words OR none, naïve café 漢字 a-b \"quoted\"")
      draft.idempotencyKey = "a"
      draft.payload.set("text", "a payload with some words too")
      try log.append(draft)
      let reader = try log.reader()
      keptAlive = log
      return reader
    } catch {
      fatalError("can't make a log to search in: \(error)")
    }
  }()

  /// The log's folder goes with this. Set once, by the only thread on which libFuzzer runs.
  nonisolated(unsafe) private static var keptAlive: TemporaryLog?

  /// What was read can be written and read again.
  private func parse(_ bytes: [UInt8]) {
    guard let root = try? JSONDocument(bytes).root else { return }
    root.forEachString { text in
      let array = try? JSONDocument(JSONObject.array(of: [text])).root.elements
      expect(array?.first?.string == text, "a string does not survive being written")
    }
    _ = (root.int, root.double, root.bool, root.members.count, root.elements.count)
    guard root.isObject else { return }
    let copy = try? JSONDocument(root.source).root
    expect(copy?.members.count == root.members.count, "an object does not survive being copied")
    guard root.members.count > 0, var edit = try? JSONEdit(bytes) else { return }
    edit.add("fleetlog", { _ in "[]" }, to: root)
    guard let edited = try? edit.root else { return expect(false, "an edit breaks the JSON") }
    edit.remove(edited.members.count - 1, from: edited)
    expect(edit.bytes == bytes, "what was added can't be taken out")
  }

  /// Whatever an agent writes comes to elements of a short list, closed as they were opened, and to
  /// addresses of the web.
  private func render(_ text: String) {
    guard let html = Markdown.html(text) else { return }
    // By bytes, as a browser reads: an accent that follows a bracket is a character with it.
    var open: [String] = []
    for piece in html.bytes.split(separator: UInt8(ascii: "<"), omittingEmptySubsequences: false)
      .dropFirst()
    {
      guard let end = piece.firstIndex(of: UInt8(ascii: ">")) else {
        return expect(false, "a tag has no end")
      }
      let tag = String(decoding: piece[..<end], as: UTF8.self)
      let name = String(tag.drop { $0 == "/" }.prefix { $0 != " " })
      expect(Self.elements.contains(name), "\(name) is no element of ours")
      if tag.hasPrefix("/") {
        expect(open.popLast() == name, "\(name) closes what is not open")
      } else if !["br", "hr", "img"].contains(name) {
        open.append(name)
      }
      if let address = tag.firstRange(of: "href=\"") {
        expect(tag[address.upperBound...].lowercased().hasPrefix("http"), "a link leads elsewhere")
      }
      if let source = tag.firstRange(of: "src=\"") {
        expect(tag[source.upperBound...].hasPrefix("data:image/"), "an image is fetched")
      }
    }
    expect(open.isEmpty, "an element is not closed")
  }

  private static let elements: Set<String> = [
    "p", "em", "strong", "del", "code", "pre", "br", "hr", "blockquote", "ul", "ol", "li", "i",
    "div", "table", "tr", "th", "td", "a", "img", "span",
  ]

  /// A trap is how libFuzzer learns that an input has found something.
  private func expect(_ holds: Bool, _ complaint: String) {
    if !holds { fatalError(complaint) }
  }
}

/// libFuzzer calls this for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
