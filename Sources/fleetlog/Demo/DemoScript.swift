import FleetlogEvents

/// A worker of the demo: where it works, what happens to it, and what else it has to do.
struct WorkerScript: Sendable {
  enum Agent: Sendable {
    case claude, codex, gemini, opencode
    /// Programs that log what they do: the fleet's own, a runner, one that `fleetlog run` started.
    case supervisor, runner, launcher

    /// The log of one that writes a single one all along.
    var logPath: String? {
      switch self {
      case .claude, .codex, .gemini, .opencode: nil
      case .supervisor: "inbox/supervisor-main.jsonl"
      case .runner: "docs/ops/loop-runner-events.jsonl"
      case .launcher: "inbox/run-checks.jsonl"
      }
    }
  }

  let project: String
  var branch = "main"
  var model = ""
  let agent: Agent
  var toolchain: DemoToolchain?
  var firstPullRequest = 100
  /// Minutes between two jobs in the history.
  var pace = 30.0...55.0
  /// Seconds between two jobs in the live part.
  var livePause = 240.0...600.0
  /// In the order of their minutes; those that repeat span less than an hour.
  let chapters: [DemoChapter]
  var parts: [DemoPart] = []
}

/// A stretch of the story, at a time of its own.
struct DemoChapter: Sendable {
  /// Minutes after the start of the live part; negative ones are history.
  let minute: Double
  /// Whether it is shown again every hour.
  var repeats = false
  /// Whether the worker then does nothing until its next chapter.
  var holds = false
  let steps: [DemoStep]
}

extension DemoStep {
  static func supervisor(
    _ type: String, _ summary: String, _ more: KeyValuePairs<String, JSON> = [:]
  ) -> DemoStep {
    .log(
      [
        ("event_type", JSON(type)), ("instance_id", "supervisor-main"), ("role", "supervisor"),
        ("summary", JSON(summary)),
      ] + more.map { ($0, $1) })
  }
}

/// Who does what.
enum DemoScript {
  static let workers: [WorkerScript] = [
    WorkerScript(
      project: "ledger-core", branch: "fix/dedupe", model: "claude-sonnet-4-6", agent: .claude,
      toolchain: .swift, firstPullRequest: 475, pace: 8...20, livePause: 8...25,
      chapters: [DemoChapter(minute: -64, steps: DemoStories.retriedImport)],
      parts: [
        DemoPart("the day close", "closeDay", "Sources/Ledger/DayClose.swift"),
        DemoPart("the statement export", "exportStatement", "Sources/Ledger/Statement.swift"),
        DemoPart("the balance check", "checkBalance", "Sources/Ledger/Balance.swift"),
      ]),
    WorkerScript(
      project: "docs", branch: "guide/refresh", model: "claude-haiku-4-5-20251001", agent: .claude,
      toolchain: .npm, firstPullRequest: 61, pace: 8...20, livePause: 8...25,
      chapters: [
        DemoChapter(minute: -97, steps: DemoStories.eventGuide),
        DemoChapter(minute: -49, steps: DemoStories.translations),
      ],
      parts: [
        DemoPart("the link checker", "checkLinks", "tools/links.ts"),
        DemoPart("the search page", "buildIndex", "tools/search.ts"),
        DemoPart("the version switch", "listVersions", "site/versions.ts"),
      ]),
    WorkerScript(
      project: "search-api", branch: "feat/ranking", model: "gpt-5.2-codex", agent: .codex,
      toolchain: .pytest, firstPullRequest: 204, pace: 8...20, livePause: 8...25,
      chapters: [],
      parts: [
        DemoPart("the ranking", "rank_hits", "search/ranking.py"),
        DemoPart("the reindexer", "reindex", "search/reindex.py"),
        DemoPart("the suggestion box", "suggest", "search/suggest.py"),
      ]),
    WorkerScript(
      project: "billing-api", branch: "release/4.2", model: "claude-opus-4-6", agent: .claude,
      toolchain: .go, firstPullRequest: 530,
      chapters: [
        DemoChapter(minute: -5, repeats: true, holds: true, steps: DemoStories.release),
        DemoChapter(minute: 6, repeats: true, steps: DemoStories.releaseApproved),
      ],
      parts: [
        DemoPart("the refund job", "Refund", "internal/refund/refund.go"),
        DemoPart("the invoice mailer", "SendInvoice", "internal/mail/invoice.go"),
      ]),
    WorkerScript(
      project: "mobile-app", branch: "feat/offline", model: "claude-opus-4-6", agent: .claude,
      toolchain: .npm, firstPullRequest: 311,
      chapters: [
        DemoChapter(minute: -26, repeats: true, holds: true, steps: DemoStories.offlineCache),
        DemoChapter(minute: 8, repeats: true, steps: DemoStories.offlineCacheAnswered),
      ],
      parts: [
        DemoPart("the photo upload", "uploadPhoto", "src/upload/photo.ts"),
        DemoPart("the inbox list", "loadInbox", "src/inbox/list.ts"),
      ]),
    WorkerScript(
      project: "notify-hub", branch: "chore/deps", model: "claude-sonnet-4-6", agent: .claude,
      toolchain: .npm, firstPullRequest: 77,
      chapters: [
        DemoChapter(minute: -42, repeats: true, holds: true, steps: DemoStories.silentInstall),
        DemoChapter(minute: 12, repeats: true, steps: DemoStories.silentInstallStopped),
      ],
      parts: [
        DemoPart("the digest mail", "sendDigest", "src/digest.ts"),
        DemoPart("the push queue", "drainQueue", "src/queue.ts"),
      ]),
    WorkerScript(
      project: "ingest-worker", branch: "feat/batching", model: "gpt-5.2-codex", agent: .codex,
      toolchain: .cargo, firstPullRequest: 143,
      chapters: DemoStories.registry(
        since: -35, "Move the batch writer to the new base image and run the smoke test.",
        "New base image for the batch writer", pull: "docker pull registry.example.net/base:12",
        stuck: "the smoke test has no image to run in", isFirst: true),
      parts: [
        DemoPart("the batch writer", "write_batch", "src/batch.rs"),
        DemoPart("the dead-letter replay", "replay", "src/replay.rs"),
      ]),
    WorkerScript(
      project: "edge-proxy", branch: "feat/retry-budget", model: "gpt-5.1-codex-mini",
      agent: .codex, toolchain: .cargo, firstPullRequest: 466,
      chapters: DemoStories.registry(
        since: -32, "Run the retry budget against the recorded traffic of last night.",
        "Retry budget against recorded traffic",
        pull: "docker compose -f replay.yml pull", stuck: "the replay needs its proxy image"),
      parts: [
        DemoPart("the upstream probe", "probe", "src/probe.rs"),
        DemoPart("the cache sweep", "sweep", "src/cache.rs"),
      ]),
    WorkerScript(
      project: "web-console", branch: "feat/audit-log", model: "claude-sonnet-4-6",
      agent: .claude, toolchain: .npm, firstPullRequest: 256,
      chapters: [DemoChapter(minute: -150, steps: DemoStories.auditLog)]
        + DemoStories.registry(
          since: -28, "Please go on with the audit log and take the end-to-end run along.",
          "Audit log in the console", pull: "npm ci --registry https://registry.example.net/npm/",
          stuck: "without the packages there is no build to click through", isResumed: true),
      parts: [
        DemoPart("the audit list", "loadAudit", "src/api/audit.ts"),
        DemoPart("the member import", "importMembers", "src/api/members.ts"),
      ]),
    WorkerScript(
      project: "cli-tools", branch: "feat/completion", model: "claude-haiku-4-5-20251001",
      agent: .claude,
      toolchain: .go, firstPullRequest: 88,
      chapters: [DemoChapter(minute: -104, steps: DemoStories.shellCompletion)]
        + DemoStories.registry(
          since: -24, "Publish the nightly build of the tools.", "Nightly build",
          pull: "make nightly", stuck: "the toolchain image can't be pulled"),
      parts: [
        DemoPart("the config loader", "LoadConfig", "internal/config/load.go"),
        DemoPart("the sync command", "Sync", "cmd/sync.go"),
      ]),
    WorkerScript(
      project: "report-builder", branch: "fix/tz", model: "claude-sonnet-4-6", agent: .claude,
      toolchain: .pytest, firstPullRequest: 119,
      chapters: [DemoChapter(minute: -73, steps: DemoStories.timeZones)]
        + DemoStories.registry(
          since: -19, "Render the March reports with the mended time zones.", "March reports",
          pull: "docker run --rm registry.example.net/render:3 march.json",
          stuck: "the renderer only exists as an image"),
      parts: [
        DemoPart("the monthly report", "build_month", "report/month.py"),
        DemoPart("the table renderer", "render_table", "report/table.py"),
      ]),
    WorkerScript(
      project: "search-ui", branch: "fix/focus", model: "gemini-2.5-pro", agent: .gemini,
      toolchain: .npm, firstPullRequest: 52, pace: 12...30, livePause: 30...90, chapters: [],
      parts: [
        DemoPart("the result list", "renderHits", "src/hits.ts"),
        DemoPart("the filter bar", "applyFilters", "src/filters.ts"),
      ]),
    WorkerScript(
      project: "asset-store", branch: "feat/thumbnails", model: "claude-haiku-4-5-20251001",
      agent: .opencode, toolchain: .pytest, firstPullRequest: 31, pace: 12...28,
      livePause: 30...90, chapters: [],
      parts: [
        DemoPart("the thumbnail job", "make_thumbnail", "assets/thumbnail.py"),
        DemoPart("the upload check", "check_upload", "assets/upload.py"),
      ]),
    WorkerScript(
      project: "loop-runner", agent: .runner, pace: 8...14, livePause: 20...60,
      chapters: [DemoChapter(minute: -178, steps: DemoRunner.begins)]),
    WorkerScript(
      project: "checks", agent: .launcher, pace: 22...32, livePause: 300...600, chapters: []),
    WorkerScript(
      project: "supervisor", agent: .supervisor, pace: 9...14, livePause: 40...90,
      chapters: [
        DemoChapter(minute: -180, steps: DemoStories.shiftBegins),
        DemoChapter(minute: -71, steps: DemoStories.nightlyRunBegins),
        DemoChapter(minute: -62, steps: DemoStories.nightlyRunFails),
        DemoChapter(minute: -18, repeats: true, steps: DemoStories.pattern),
        DemoChapter(minute: 13.5, repeats: true, steps: DemoStories.loginRenewed),
      ]),
  ]
}
