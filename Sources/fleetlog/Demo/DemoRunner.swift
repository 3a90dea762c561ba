import FleetlogEvents

/// What the demo's runner does: it gives issues to workers of its own, one a tick, and notes what
/// becomes of each.
enum DemoRunner {
  static let begins: [DemoStep] = [
    .log([("kind", "loop_start"), ("parallel", 2), ("runner_id", "host-a")])
  ]

  static func tick(_ number: Int, _ random: inout DemoRandom) -> [DemoStep] {
    let scripts = DemoScript.workers.filter { !$0.parts.isEmpty }
    let script = random.pick(scripts)
    let job = DemoJobs.all[number % DemoJobs.all.count].about(random.pick(script.parts))
    let task = Task(
      issue: 200 + number, tick: number, title: job.title, worker: "wt-\(200 + number)",
      pullRequest: DemoReport.pullRequestURL(script.project, script.firstPullRequest + 40 + number))
    let first: [DemoStep] = [
      task.note("tick_start", [("issues", [JSON(task.issue)])]),
      task.note("worker_start", [("number", JSON(task.issue)), ("worktree", JSON(task.worktree))]),
      task.moved(from: "dispatched", to: "running", "sdk call starting"),
      .wait(60...150),
    ]
    return first + task.course(number)
  }

  /// An issue on its way through a tick.
  private struct Task {
    let issue: Int
    let tick: Int
    let title: String
    let worker: String
    let pullRequest: String

    /// What became of it once it ran: most are merged, some after a second attempt, some never.
    func course(_ number: Int) -> [DemoStep] {
      let approved = reviewed("approved", []) + [merged, done("merged")]
      guard number % 15 == 13 else {
        guard number % 4 == 3 else { return approved }
        let again = note("worker_iteration_attempt", [("attempt", 2), ("brief_kind", "critic")])
        return reviewed("changes_requested", ["The failing case has no test."])
          + [again, .wait(40...90)] + approved
      }
      return [
        .wait(70...80), note("watchdog_worker_stuck", [("idle_s", 130), ("stuck_after_s", 120)]),
        .wait(25...30), note("watchdog_worker_killed", [("idle_s", 155), ("killed", true)]),
        done("no_pr", error: "nothing was pushed"),
      ]
    }

    var worktree: String { "/home/dev/loop/" + worker }

    func note(_ kind: String, _ fields: JSON.Fields) -> DemoStep {
      .log([("kind", JSON(kind)), ("tick", JSON(tick)), ("issue", JSON(issue))] + fields)
    }

    func moved(from old: String, to new: String, _ reason: String, pr: String? = nil) -> DemoStep {
      .log([
        ("kind", "worker_session_transition"), ("session_id", JSON(worker)),
        ("issue", JSON(issue)), ("prior_state", JSON(old)), ("new_state", JSON(new)),
        ("reason", JSON(reason)), ("pr_url", .nullable(pr)),
      ])
    }

    func reviewed(_ verdict: String, _ reasons: [JSON]) -> [DemoStep] {
      [
        moved(from: "running", to: "awaiting_critic", "worker opened PR", pr: pullRequest),
        .wait(25...35),
        .log([
          ("kind", "critic_done"), ("issue", JSON(issue)), ("pr", JSON(pullRequest)),
          ("verdict", JSON(verdict)), ("reasons", JSON(reasons)),
        ]),
      ]
    }

    var merged: DemoStep {
      .log([
        ("kind", "critic_verdict_merged"), ("issue", JSON(issue)), ("pr", JSON(pullRequest)),
        ("reasons", []),
      ])
    }

    func done(_ status: String, error: String? = nil) -> DemoStep {
      let outcome: JSON = [
        "issue": JSON(issue), "title": JSON(title),
        "pr_url": .nullable(error == nil ? pullRequest : nil), "status": JSON(status),
        "duration_s": 190, "error": .nullable(error), "cost_usd": 0.42,
      ]
      return .log([
        ("kind", "tick_done"), ("tick", JSON(tick)),
        ("merged", error == nil ? [JSON(issue)] : []), ("outcomes", [outcome]),
      ])
    }
  }
}

/// What the demo starts with `fleetlog run`: a script that starts checks and waits for them. Written
/// as a run tells it that no server takes in.
enum DemoLaunches {
  private static let checks: [(name: String, words: [String])] = [
    ("bench", ["./bench.sh", "--quick"]), ("links", ["npm", "run", "check-links"]),
    ("smoke", ["./smoke.sh", "staging"]),
  ]

  static func round(_ number: Int, _ random: inout DemoRandom) -> [DemoStep] {
    let parent = Launch(
      key: "run:exec:" + random.hex(12), name: "checks-\(number)", role: "supervisor",
      words: ["./checks.sh"], parent: nil)
    let children = checks.map { check in
      Launch(
        key: "run:exec:" + random.hex(12), name: "\(check.name)-\(number)", role: "worker",
        words: check.words, parent: parent.key)
    }
    // One check in a while finds something.
    let failing = number % 12 == 11 ? random.int(0...2) : -1
    var steps = [parent.began]
    for child in children { steps += [child.began, .wait(1...4)] }
    for (index, child) in children.enumerated() {
      let seconds = random.int(12...50)
      steps += [
        .wait(Double(seconds)...Double(seconds)),
        child.ended(index == failing ? 1 : 0, seconds: seconds),
      ]
    }
    return steps + [parent.ended(failing < 0 ? 0 : 1, seconds: 110)]
  }

  private struct Launch {
    let key: String
    let name: String
    let role: String
    let words: [String]
    let parent: String?

    private func line(_ type: String, _ summary: String, _ payload: JSON) -> DemoStep {
      .log([
        ("event_type", JSON(type)), ("summary", JSON(summary)), ("payload", payload),
        ("idempotency_key", JSON("\(key):\(type)")), ("run_key", JSON(key)),
        ("instance_id", JSON(name)), ("role", JSON(role)), ("parent_run_key", .optional(parent)),
      ])
    }

    var began: DemoStep {
      line(
        "process.started", "Started: " + words.joined(separator: " "),
        ["argv": JSON(words.map { JSON($0) }), "cwd": "/home/dev/checks", "host": "host-a"])
    }

    func ended(_ status: Int, seconds: Int) -> DemoStep {
      line(
        "process.exited", "Ended with status \(status) after \(seconds).2 s",
        [
          "exit_code": JSON(status), "duration_ms": JSON(seconds * 1000 + 200),
          "peak_memory_bytes": JSON(48_000_000 + seconds * 100_000),
          "processor_ms": JSON(seconds * 310), "output_bytes": JSON(seconds * 940),
        ])
    }
  }
}
