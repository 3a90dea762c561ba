import FleetlogEvents
import FleetlogStore

/// `/sessions/ID/diff-summary`: what git counts between the commits at which a session began and
/// ended, where its repository is on this machine.
struct DiffSummaryPage: Page {
  static let template = "diff_summary"
  private static let mostFiles = 500

  let session: SessionSummary
  let folder: String?
  let first: RunMetrics.Head?
  let last: RunMetrics.Head?
  let outcome: DiffOutcome

  static func read(_ request: PageRequest, from log: EventLog) throws -> DiffSummaryPage {
    try request.allowOnly()
    guard let detail = try log.session(request.id) else {
      throw NotFound(
        message: "The log has no session \(request.id.prefix(80)): look for it among the sessions.")
    }
    let metrics = try log.metrics(of: detail.session, runs: detail.runs, by: request.kit.rules)
    return DiffSummaryPage(
      session: detail.session, folder: metrics?.folder, first: metrics?.head,
      last: metrics?.headEnd, outcome: compare(metrics, by: request.kit.differences))
  }

  private static func compare(
    _ metrics: SessionMetrics?, by differences: any DiffCounting
  ) -> DiffOutcome {
    guard let first = metrics?.head?.commit else {
      return .absent(
        "At which commit the session began is not known: its transcript does not tell, and Fleetlog "
          + "did not watch it begin.")
    }
    guard let last = metrics?.headEnd?.commit else {
      return .absent("At which commit the session ended is not known.")
    }
    guard let folder = metrics?.folder else {
      return .absent("In which folder the session worked is not known.")
    }
    if first == last { return .summary(DiffSummary(files: [])) }
    return differences.count(in: folder, from: first, to: last)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    JSONTwin.diff(try read(request, from: log))
  }

  var head: PageHead {
    PageHead(
      title: "Changes: " + session.heading, section: Location("sessions"),
      twin: Location.diffSummary(session.id).twin)
  }

  private var summary: DiffSummary? {
    if case .summary(let summary) = outcome { summary } else { nil }
  }

  static let slots: [Slot<DiffSummaryPage>] = [
    .text("title", \.session.heading),
    .text("sessionURL") { Location.session($0.session.id).description },
    .text("folder", \.folder),
    .text("first") { $0.first.map { String($0.commit.prefix(12)) } },
    .text("firstURL") { $0.first.map { Location.event($0.mark.id).description } },
    .text("last") { $0.last.map { String($0.commit.prefix(12)) } },
    .text("lastURL") { $0.last.map { Location.event($0.mark.id).description } },
    .text("sum") { page in
      page.summary.map { summary in
        summary.files.isEmpty
          ? "No commit changed a file."
          : "\(Wording.plural(summary.files.count, "file")) changed, "
            + "\(Wording.grouped(summary.linesAdded)) lines added, "
            + "\(Wording.grouped(summary.linesRemoved)) removed"
      }
    },
    .text("reason") { page in
      switch page.outcome {
      case .summary: nil
      case .absent(let reason), .failed(let reason): reason
      }
    },
    .flag("isFailure") { page in if case .failed = page.outcome { true } else { false } },
    .list("files") { page in
      let files = page.summary?.files ?? []
      let most = files.map { ($0.added ?? 0) + ($0.removed ?? 0) }.max() ?? 0
      return files.prefix(mostFiles).map { ChangedFile(file: $0, most: most) }
    },
    .text("more") { page in
      let count = page.summary?.files.count ?? 0
      return count > mostFiles ? "\(Wording.grouped(count - mostFiles)) more files" : nil
    },
  ]
}

/// One line of `git diff --stat`.
struct ChangedFile: TemplateContext {
  let file: DiffSummary.File
  /// The most lines of any file, which fills the bar.
  let most: Int

  static let slots: [Slot<ChangedFile>] = [
    .text("path", \.file.path),
    .text("added") { $0.file.added.map { "+" + Wording.grouped($0) } },
    .text("removed") { $0.file.removed.map { "−" + Wording.grouped($0) } },
    .flag("isBinary") { $0.file.added == nil },
    .html("bar") { ChangeBar(file: $0.file, most: $0.most).draw() },
  ]
}

extension Location {
  static func diffSummary(_ session: String) -> Location {
    Location("sessions", session, "diff-summary")
  }
}
