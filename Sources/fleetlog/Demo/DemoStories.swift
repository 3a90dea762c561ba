import FleetlogEvents

/// The stretches of the story that are told once, or once an hour.
enum DemoStories {
  private static let registryKey = "registry-login"

  /// One expired login stops five workers; each tells its own symptom.
  static func registry(
    since minute: Double, _ ask: String, _ title: String, pull: String, stuck: String,
    isFirst: Bool = false, isResumed: Bool = false
  ) -> [DemoChapter] {
    let denied = """
      Error response from registry.example.net: 403 Forbidden
      denied: the login has expired (robot account fleet-pull)
      """
    let summary =
      isFirst
      ? "Registry login expired: 403 from registry.example.net"
      : "Can't go on, registry answers 403: \(stuck)"
    let blocked = DemoReport.event(
      .blocked, summary,
      [
        "severity": 4, "confidence": 0.95, "dedupe_key": JSON(registryKey), "tags": ["registry"],
        "artifact_refs": [["kind": "url", "url": "https://registry.example.net/v2/"]],
      ])
    let free = DemoReport.event(
      .progress, "Registry answers again, going on",
      ["dedupe_key": JSON(registryKey), "tags": ["registry"]])
    let stop: [DemoStep] = [
      .prompt(ask, title: title),
      .think(
        "Everything it needs is on the branch. First the pull, because that is the slow part."),
      .run("git status --short && git log --oneline -1", "3f9c2d1 Prepare the run", seconds: 0.3),
      .run(pull, denied, exit: 1, seconds: 6),
      .think("403, not 404: the image is there and we are not let in. Once more to be sure."),
      .run(
        "curl -s -o /dev/null -w '%{http_code}' https://registry.example.net/v2/", "403",
        seconds: 1.2),
      .end(
        "The registry refuses the fleet's robot login, so \(stuck). I can't renew it myself."
          + DemoReport.block(blocked)),
    ]
    let goOn: [DemoStep] = [
      .prompt("The registry login is renewed, please go on."),
      .run(pull, "Status: image is up to date\n42 layers, 0 pulled", seconds: 5),
      .say("Pulled without complaint." + DemoReport.block(free)),
      .run("make smoke", "smoke: 18 checks passed in 9.6 s", seconds: 9),
      .end(
        "Done: \(title.lowercased()) went through, 18 smoke checks passed."
          + DemoReport.block(DemoReport.event(.completed, "\(title): done, 18 checks passed"))),
    ]
    return [
      DemoChapter(
        minute: minute, repeats: true, holds: true, steps: (isResumed ? [.resume] : []) + stop),
      DemoChapter(minute: 14 - minute / 40, repeats: true, steps: goOn),
    ]
  }

  static let retriedImport: [DemoStep] = [
    .prompt(
      "Postings are written twice when the importer retries. Find out why and fix it.",
      title: "Dedupe ledger postings"),
    .think(
      "Two suspects: the importer sends twice, or the ledger can't tell a repeat. Look at both."),
    .delegate([
      DemoDelegation(
        title: "Trace the importer's retries", kind: "Explore",
        prompt: "Find every place where the importer repeats a request, and what it sends.",
        steps: [
          .search("retry\\(", "Sources/Import/Importer.swift", "Sources/Import/Backoff.swift"),
          .read(
            "Sources/Import/Importer.swift", "let batch = Batch(id: UUID(), postings: postings)",
            "try await retry(times: 3) { try await send(batch) }"),
          .read("Sources/Import/Backoff.swift", "let delays = [0.5, 2, 8]"),
          .end("Only Importer.swift:41 retries. It builds the batch id inside the retried scope."),
        ]),
      DemoDelegation(
        title: "List what makes a posting unique", kind: "Explore",
        prompt: "Which columns and indexes keep a posting from being stored twice?",
        steps: [
          .search("CREATE UNIQUE INDEX", "Migrations/0007_postings.sql"),
          .read(
            "Migrations/0007_postings.sql",
            "CREATE UNIQUE INDEX postings_batch ON postings(batch_id, line);"),
          .run("git log --oneline -2 -- Migrations", "9b1e0c4 Index postings by batch"),
          .end("One index, (batch_id, line). A new batch id makes every line look new."),
        ]),
    ]),
    .say("A retry mints a fresh batch id, and the unique index hangs on that id. So: id outside."),
    .plan(["Test for the retry", "Stable batch id", "Decide about old rows", "PR"], done: 0),
    .run(
      "swift test --filter Posting",
      "✘ retriedImportWritesOnce: expected 1 posting, found 2\n12 tests, 1 failed", exit: 1,
      seconds: 14.2),
    .edit(
      "Sources/Import/Importer.swift", "let batch = Batch(id: UUID(), postings: postings)",
      "let batch = Batch(id: BatchID(of: source), postings: postings)"),
    .plan(["Test for the retry", "Stable batch id", "Decide about old rows", "PR"], done: 2),
    .say(
      "One thing is yours to decide before I write the migration."
        + DemoReport.block(
          DemoReport.event(
            .needsDecision, "Keep old duplicate rows or rewrite them?",
            ["severity": 3, "dedupe_key": "ledger-old-rows"]))),
    .call(
      .ask(
        "Keep old duplicate rows or rewrite them?",
        options: ["Keep them, mark as duplicate", "Rewrite history in one migration"]),
      DemoOutcome(text: "Keep them, mark as duplicate", seconds: 370)),
    .say(
      "Keeping them."
        + DemoReport.block(
          DemoReport.event(
            .progress, "Old rows stay, marked as duplicates", ["dedupe_key": "ledger-old-rows"]))),
    .edit(
      "Migrations/0012_mark.sql", "-- empty",
      "ALTER TABLE postings ADD COLUMN duplicate_of INTEGER;\nUPDATE postings SET duplicate_of = 0;"
    ),
    .run(
      "swift test",
      "✘ balanceIgnoresDuplicates: expected 120.00, got 240.00\n"
        + "✘ statementListsOnce: 2 lines instead of 1\n✘ exportSkipsMarked: crashed\n"
        + "12 tests, 3 failed",
      exit: 1, seconds: 16),
    .think("Three tests read the sum without the new column. That is the reports' side, not mine."),
    .run("git commit -qam 'Write retried postings once'", seconds: 0.4),
    .run(
      "git push -u origin fix/dedupe",
      "To git.example.org:fleet/ledger-core.git\n * [new branch]      fix/dedupe -> fix/dedupe",
      seconds: 2.2),
    .run("gh pr create --fill", DemoReport.pullRequestURL("ledger-core", 482), seconds: 3),
    .end(
      "All tests pass; #482 is open. Postings are written once, old duplicates are marked."
        + DemoReport.block(
          DemoReport.event(
            .completed, "All tests pass; PR #482 opened: postings are written once",
            [
              "confidence": 0.95, "operator_action_required": true,
              "artifact_refs": DemoReport.pullRequest(
                "ledger-core", 482, "Write retried postings once"),
              "payload": [
                "metrics_outcome": "success", "metrics_pr_numbers": [482],
                "metrics_files_changed": 9, "metrics_lines_added": 214,
                "metrics_lines_removed": 61,
              ],
            ]), turn: "Found the retry's fresh batch id, mended it, opened #482")),
  ]

  static let release: [DemoStep] = [
    .prompt("Cut release 4.2 of the billing API from a clean tree.", title: "Release 4.2"),
    .run("git status --short", " M build/manifest.json\n?? build/cache/", seconds: 0.3),
    .think("build/ holds files of the last release. A clean tree means removing the whole folder."),
    .run("make -n release | head -3", "go build -trimpath ./cmd/billing\ntar czf billing-4.2.tgz"),
    .say(
      "I'd like a go before I delete anything: build/ is ignored by git and can't be restored."
        + DemoReport.block(
          DemoReport.event(
            .approvalRequested, "Wants approval: rm -rf build/ && make release",
            [
              "severity": 4, "operator_action_required": true, "risk_detected": true,
              "dedupe_key": "billing-release-4.2",
            ]))),
    .call(.command("rm -rf build/ && make release"), nil),
  ]

  static let releaseApproved: [DemoStep] = [
    .answer(DemoOutcome(text: "go build -trimpath ./cmd/billing\nbilling-4.2.tgz 18.4 MB")),
    .run("tar tzf billing-4.2.tgz | wc -l", "112", seconds: 0.6),
    .end(
      "Release 4.2 is built from a clean tree: 112 files, 18.4 MB."
        + DemoReport.block(
          DemoReport.event(
            .completed, "Release 4.2 built, not yet deployed",
            ["confidence": 0.97, "dedupe_key": "billing-release-4.2"]))),
  ]

  static let offlineCache: [DemoStep] = [
    .prompt(
      "Readers on trains lose their drafts. Make the app work offline.", title: "Offline drafts"),
    .search("DraftStore", "src/drafts/DraftStore.ts", "src/sync/queue.ts"),
    .read("src/drafts/DraftStore.ts", "export class DraftStore {", "  save(draft: Draft) {", "  }"),
    .think("The interface allows either storage. Files are simpler, SQLite survives a torn write."),
    .run("du -sh fixtures/drafts", "38M\tfixtures/drafts", seconds: 0.4),
    .say(
      "Both would work; they differ in what a crash leaves behind."
        + DemoReport.block(
          DemoReport.event(
            .needsDecision, "Keep the offline cache in SQLite or in files?",
            ["severity": 3, "confidence": 0.6, "dedupe_key": "offline-cache-store"]))),
    .call(
      .ask(
        "Keep the offline cache in SQLite or in files?",
        options: ["SQLite (one file, transactions)", "Files (one per draft, easy to inspect)"]),
      nil),
  ]

  static let offlineCacheAnswered: [DemoStep] = [
    .answer(DemoOutcome(text: "SQLite (one file, transactions)")),
    .say(
      "SQLite it is."
        + DemoReport.block(
          DemoReport.event(
            .progress, "Offline cache goes into SQLite", ["dedupe_key": "offline-cache-store"]))),
    .edit("src/drafts/DraftStore.ts", "  save(draft: Draft) {", "  async save(draft: Draft) {"),
    .run("npm test -- drafts", "Tests:       1 failed, 41 passed", exit: 1, seconds: 8),
    .edit("src/sync/queue.ts", "store.save(draft)", "await store.save(draft)"),
    .run("npm test -- drafts", "Tests:       42 passed, 42 total", seconds: 8),
    .end("Drafts survive a lost connection and a crash; 42 tests pass."),
  ]

  static let silentInstall: [DemoStep] = [
    .prompt(
      "Bring the dependencies up to date, one group at a time.", title: "Update dependencies"),
    .run("npm outdated | head -4", "fastify  5.1.0  5.2.1\nundici   7.0.0  7.2.0", exit: 1),
    .say(
      "Two groups. The HTTP stack first."
        + DemoReport.block(
          DemoReport.event(.progress, "Updating the HTTP stack", ["confidence": 0.8]))),
    .edit("package.json", "\"undici\": \"^7.0.0\"", "\"undici\": \"^7.2.0\""),
    .call(.command("npm install"), nil),
  ]

  static let silentInstallStopped: [DemoStep] = [
    .interrupt, .prompt("It hung for an hour. Try it again without the post-install scripts."),
    .run(
      "npm install --ignore-scripts", "added 14 packages, changed 31 packages in 19s", seconds: 12),
    .run("npm test", "Tests:       67 passed, 67 total", seconds: 7),
    .end(
      "Installed without scripts; a post-install download was what hung. 67 tests pass."
        + DemoReport.block(
          DemoReport.event(.completed, "HTTP stack updated, 67 tests pass", ["confidence": 0.9]))),
  ]

  static let eventGuide: [DemoStep] = [
    .prompt("Write the page that tells workers how to report events.", title: "Guide to events"),
    .run("fleetlog contract | head -5", "# Reporting events (contract version 1)", seconds: 0.4),
    .read("guide/index.md", "# Guide", "", "- [Setup](setup.md)"),
    .call(
      .read("guide/events.md"),
      DemoOutcome(text: "File does not exist.", exitCode: 1)),
    .think(
      "A copy-paste example says more than the table. It goes into a fence, so it's no report."),
    .say(
      """
      This is the example the page will show:

      ```
      \(EventBlock.begin)
      {"schema_version": 1, "events": [{"event_type": "blocked", "summary": "CI login failed"}]}
      \(EventBlock.end)
      ```
      """),
    .edit("guide/index.md", "- [Setup](setup.md)", "- [Setup](setup.md)\n- [Events](events.md)"),
    .run("npm run links", "214 links checked, 0 broken", seconds: 4),
    .end(
      "The guide has a page on events now; 214 links checked."
        + DemoReport.block(
          DemoReport.event(.needsReview, "guide/events.md reads well? New page, 2 screens"))
    ),
  ]

  static let translations: [DemoStep] = [
    .prompt("补上中文和法文的错误信息,语气和现有文案保持一致。", title: "Error messages: 中文, français"),
    .search("request_timeout", "locale/en.json", "locale/zh.json", "locale/fr.json"),
    .edit(
      "locale/zh.json", "\"request_timeout\": \"\"", "\"request_timeout\": \"请求超时,请稍后再试\""),
    .edit(
      "locale/fr.json", "\"request_timeout\": \"\"",
      "\"request_timeout\": \"Délai dépassé, réessayez plus tard\""),
    .run("npm test -- locale", "Tests:       1 failed, 88 passed", exit: 1, seconds: 5),
    .think("The French quote marks need a narrow no-break space before the closing one."),
    .run("npm test -- locale", "Tests:       89 passed, 89 total", seconds: 5),
    .end(
      "两种语言都补全了:中文 12 条,法文 9 条,测试全部通过。"
        + DemoReport.block(
          DemoReport.event(.completed, "错误信息已补全 (中文 12, français 9)", ["confidence": 0.92]))),
  ]

  static let auditLog: [DemoStep] = [
    .prompt("Show the audit log in the console, newest first.", title: "Audit log in the console"),
    .search("AuditEntry", "src/api/audit.ts", "src/pages/Audit.tsx"),
    .read("src/pages/Audit.tsx", "export function Audit() {", "  return <Table rows={rows} />"),
    .edit("src/pages/Audit.tsx", "rows={rows}", "rows={rows.toReversed()}"),
    .run("npm test -- audit", "Tests:       23 passed, 23 total", seconds: 6),
    .end("The page lists the audit log newest first. The end-to-end run is still to do."),
  ]

  static let shellCompletion: [DemoStep] = [
    .prompt("Add shell completion for bash and fish.", title: "Shell completion"),
    .read("cmd/root.go", "root.AddCommand(version)", "root.Execute()"),
    .edit("cmd/root.go", "root.AddCommand(version)", "root.AddCommand(version, completion)"),
    .run("go test ./cmd/...", "ok  \tfleet.example.org/tools/cmd\t0.211s", seconds: 4),
    .end(
      "Completion works in bash and fish.\n\n\(EventBlock.carrier) "
        + ([
          "version": 1, "agent": "claude", "project": "cli-tools", "status": "done",
          "action": "", "summary": "Shell completion for bash and fish",
        ] as JSON).text),
  ]

  static let timeZones: [DemoStep] = [
    .prompt("Reports of the last day of a month end up in the next one.", title: "Month ends"),
    .search("date.today", "report/period.py"),
    .run(
      "pytest -q -k period", "E   assert 4 == 3\n1 failed, 30 passed in 2.1s", exit: 1, seconds: 5),
    .edit("report/period.py", "date.today()", "datetime.now(zone).date()"),
    .run("pytest -q -k period", "31 passed in 2.0s", seconds: 5),
    .end(
      """
      Periods are cut in the customer's zone now.

      \(EventBlock.begin)
      {"schema_version": 1, "events": [{"event_type": "completed", "summary": "Months end in \
      the customer's zone", "confidence": 0.9]}
      \(EventBlock.end)
      """),
  ]

  static let shiftBegins: [DemoStep] =
    [
      .supervisor(
        "process.started", "Supervisor is up", ["payload": ["version": "2.3.0", "workers": 11]])
    ]
    + [
      ("ledger-core", "fix/dedupe"), ("search-api", "feat/ranking"),
      ("edge-proxy", "feat/retry-budget"),
      ("mobile-app", "feat/offline"), ("web-console", "feat/audit-log"),
    ].map { project, branch in
      .supervisor(
        "task.dispatched", "\(project): work for the day on \(branch)",
        ["payload": ["project": JSON(project), "branch": JSON(branch)]])
    }

  static let nightlyRunBegins =
    [.supervisor("task.dispatched", "nightly-bench: the benchmark of the day")]
    + nightlyRun("process.started", "The nightly benchmark runs")

  static let nightlyRunFails = nightlyRun(
    "process.exited", "The nightly benchmark ended", ["exit_code": 2])

  /// A process that the supervisor watches, and that writes no transcript.
  private static func nightlyRun(_ type: String, _ summary: String, _ payload: JSON = [:])
    -> [DemoStep]
  {
    [
      .log([
        ("event_type", JSON(type)), ("instance_id", "nightly-bench"), ("role", "worker"),
        ("summary", JSON(summary)), ("payload", payload),
      ])
    ]
  }

  static let pattern: [DemoStep] = [
    .supervisor(
      "observation.recorded", "Five workspaces get 403 from registry.example.net: one cause",
      [
        "confidence": 0.9, "tags": ["registry"],
        "payload": ["workers": 5, "host": "registry.example.net"],
      ])
  ]

  static let loginRenewed: [DemoStep] = [
    .log([
      ("event_type", "decided"), ("instance_id", "supervisor-main"), ("role", "operator"),
      ("summary", "Renewed the registry login of fleet-pull"), ("tags", ["registry"]),
      ("links", [["relation_type": "resolves", "to": ["dedupe_key": JSON(registryKey)]]]),
    ])
  ]
}
