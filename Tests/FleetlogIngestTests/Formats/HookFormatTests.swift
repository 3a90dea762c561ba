import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What agents' hooks tell")
struct HookFormatTests {
  private static let session = "5e551011-0000-4000-8000-000000000001"
  private static let cases = Fixtures.cases("hooks", ending: ".jsonl")

  @Test("The fixtures come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = FormatRun.read(HookFormat.self, try Fixtures.bytes("hooks/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "hooks/\(name).events.json")
  }

  @Test("Chunks and names make no difference", arguments: cases)
  func chunks(name: String) throws {
    let bytes = try Fixtures.bytes("hooks/\(name).jsonl")
    let whole = FormatRun.read(HookFormat.self, bytes)
    let pieces = FormatRun.read(HookFormat.self, bytes, path: "/b/other.log.1", restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
    #expect(!whole.drafts.isEmpty)
  }

  /// The drafts of documents, each five seconds after the one before.
  private static func read(_ documents: [String], settling: Bool = true) -> [EventDraft] {
    let lines = documents.enumerated().map { index, document in
      #"{"fleetlog_hook":1,"agent":"claude","at":\#(1_775_044_800_000 + index * 5000),"#
        + #""document":\#(document)}"#
    }
    return FormatRun.read(
      HookFormat.self, Array(lines.joined(separator: "\n").utf8), settling: settling
    ).drafts
  }

  private static func document(_ name: String, _ more: String = "") -> String {
    #"{"session_id":"\#(session)","hook_event_name":"\#(name)""# + (more.isEmpty ? "" : "," + more)
      + "}"
  }

  private static let request = document(
    "PermissionRequest", #""tool_name":"Bash","tool_input":{"command":"make"}"#)
  private static let notice = document(
    "Notification",
    #""message":"Claude needs your permission","notification_type":"permission_prompt""#)

  @Test("A permission prompt asks the operator to act, in the run that the transcript has")
  func permission() throws {
    let drafts = Self.read([Self.request])
    #expect(drafts.map(\.type) == [.processStarted, .approvalRequested])
    let approval = try #require(drafts.last)
    #expect(approval.attentionCandidate && approval.operatorActionRequired)
    #expect(approval.severity == 3)
    #expect(approval.run.key == "run:claude:" + Self.session)
    #expect(approval.provenance == "hook: PermissionRequest")
    #expect(approval.isToldByHook)
    #expect(approval.summary == "Waits for permission: make")
  }

  @Test("A prompt that two hooks tell is one event, and the next prompt another")
  func oneApproval() {
    let both = Self.read([Self.request, Self.notice])
    #expect(both.filter { $0.type == .approvalRequested }.count == 1)
    let next = Self.read([Self.request, Self.notice, Self.notice])
    #expect(next.filter { $0.type == .approvalRequested }.count == 2)
    let answered = Self.read([Self.request, Self.document("Stop"), Self.notice])
    #expect(answered.filter { $0.type == .approvalRequested }.count == 2)
  }

  @Test("A question and a plan are left to the transcript, whose call shows them")
  func questions() {
    for tool in ["AskUserQuestion", "ExitPlanMode"] {
      let asks = Self.document("PermissionRequest", #""tool_name":"\#(tool)","tool_input":{}"#)
      #expect(Self.read([asks, Self.notice]).map(\.type) == [.processStarted])
    }
  }

  @Test("The call that was announced gives the prompt its id, and only that call")
  func announced() throws {
    func id(_ command: String) throws -> String? {
      let call = Self.document(
        "PreToolUse",
        #""tool_name":"Bash","tool_input":{"command":"\#(command)"},"tool_use_id":"toolu_9""#)
      let approval = try #require(Self.read([call, Self.request]).last)
      return try JSONDocument(approval.payload.bytes).root["tool_use_id"]?.string
    }
    #expect(try id("make") == "toolu_9")
    #expect(try id("make clean") == nil)
  }

  @Test("The end of a turn waits until the file is quiet")
  func held() {
    let stop = Self.document("Stop")
    #expect(Self.read([stop], settling: false).map(\.type) == [.processStarted])
    #expect(Self.read([stop]).map(\.type) == [.processStarted, .turnCompleted])
    let many = (0..<70).map { Self.document("Stop", #""n":\#($0)"#) }
    #expect(Self.read(many, settling: false).filter { $0.type == .turnCompleted }.count == 6)
    #expect(Self.read(many).filter { $0.type == .turnCompleted }.count == 70)
  }

  @Test("What the transcript tells in full is not told twice")
  func leftToTranscript() {
    for name in ["PreToolUse", "PostToolUse", "UserPromptSubmit", "PreCompact"] {
      #expect(Self.read([Self.document(name)]).map(\.type) == [.processStarted], "\(name)")
    }
  }
}
