import FleetlogEvents

/// What a project's tests are run with, and what that prints: `%t` is a test, `%f` what failed in
/// it, `%n` how many there are.
struct DemoToolchain: Sendable {
  let command: String
  let success: String
  let failure: String

  static let swift = DemoToolchain(
    command: "swift test --filter %t",
    success: "✔ Test run with %n tests in 6 suites passed after 2.104 seconds.",
    failure: "✘ Test %t() recorded an issue: %f\n"
      + "✘ Test run with %n tests in 6 suites failed after 2.260 seconds with 1 issue.")
  static let go = DemoToolchain(
    command: "go test ./... -run %t", success: "ok  \tfleet.example.org/internal\t0.398s",
    failure: "--- FAIL: %t (0.03s)\n    %f\nFAIL\nFAIL\tfleet.example.org/internal\t0.412s")
  static let cargo = DemoToolchain(
    command: "cargo test %t", success: "test result: ok. %n passed; 0 failed; 0 ignored",
    failure: "test %t ... FAILED\n\n---- %t stdout ----\n%f\n\n"
      + "test result: FAILED. %n passed; 1 failed; 0 ignored")
  static let npm = DemoToolchain(
    command: "npm test -- %t", success: "Tests:       %n passed, %n total\nTime:        4.1 s",
    failure: "  ● %t\n\n    %f\n\nTests:       1 failed, %n passed\nTime:        4.4 s")
  static let pytest = DemoToolchain(
    command: "pytest -q -k %t", success: "%n passed in 3.37s",
    failure: "E   %f\nFAILED tests/%t.py::%t - %f\n1 failed, %n passed in 3.41s")

  func fill(_ text: String, _ job: DemoJob, count: Int) -> String {
    text.replacing("%t", with: job.test).replacing("%f", with: job.failure)
      .replacing("%n", with: "\(count)")
  }
}

/// What workers do when the script has nothing for them.
enum DemoRoutine {
  /// - Parameter number: counts the worker's jobs from 1.
  static func steps(
    of script: WorkerScript, number: Int, _ random: inout DemoRandom
  ) -> [DemoStep] {
    switch script.agent {
    case .supervisor: return tick(number, &random)
    case .runner: return DemoRunner.tick(number, &random)
    case .launcher: return DemoLaunches.round(number, &random)
    case .claude, .codex, .gemini, .opencode: break
    }
    guard let toolchain = script.toolchain, !script.parts.isEmpty else { return [] }
    let part = script.parts[number % script.parts.count]
    // Every project begins elsewhere in the list, so that no two do the same at one time.
    let first = script.project.utf8.reduce(0) { $0 + Int($1) }
    let job = DemoJobs.all[(first + number) % DemoJobs.all.count].about(part)
    let tests = 38 + job.test.utf8.count * 3
    let run = toolchain.fill(toolchain.command, job, count: tests)
    let failure = toolchain.fill(toolchain.failure, job, count: tests)
    let success = toolchain.fill(toolchain.success, job, count: tests)
    let seconds = Double(random.int(30...140)) / 10
    let failing = DemoStep.run(run, failure, exit: 1, seconds: seconds)

    var steps: [DemoStep] = [
      .prompt(job.ask, title: job.title), .think(job.why), .search(part.symbol, part.file),
      .read(part.file, "// \(part.file)", "", job.old),
    ]
    if random.chance(0.3), script.agent == .claude { return steps + look(job, part, &random) }
    if random.chance(0.4) {
      steps.append(.plan(["Reproduce", "Change \(part.file)", "Run all tests", "Push"], done: 0))
    }
    steps += [failing, .think(random.pick(afterFailure))]
    if random.chance(0.25), script.agent == .claude {
      let missed = DemoOutcome(text: "String to replace not found in file.", exitCode: 1)
      steps.append(.call(.edit(part.file, old: job.old + " ", new: job.new), missed))
      steps.append(.read(part.file, "// \(part.file)", "", job.old))
    }
    steps.append(.edit(part.file, job.old, job.new))
    if random.chance(0.3) { steps += [failing, .think(random.pick(afterSecondFailure))] }
    steps.append(.run(run, success, seconds: seconds))
    return steps + delivery(job, script, number, tests, &random)
  }

  private static let afterFailure = [
    "It fails where I expected it to, so the reading was right. The smallest change first.",
    "Reproduced. The assertion names the symptom; the cause is one call further up.",
    "Good, a failing test before any change. Nothing else in the suite touches this path.",
    "The failure is deterministic: ten runs, ten times the same line. No race then.",
  ]

  private static let afterSecondFailure = [
    "Same failure: the build cache served the old object file. Clean and run it once more.",
    "Still red, because the fixture pins the old value. The fixture is wrong, not the code.",
  ]

  private static func look(_ job: DemoJob, _ part: DemoPart, _ random: inout DemoRandom)
    -> [DemoStep]
  {
    let commit = random.hex(7)
    return [
      .run("git log --oneline -3 -- \(part.file)", "\(commit) \(job.title)", seconds: 0.2),
      .say("Before I change anything I want to know who relies on `\(part.symbol)`."),
      .search("\(part.symbol)\\b", part.file, "README.md"), .think(random.pick(afterFailure)),
      .end(
        "\(job.why) The change is small, but it was tried before in \(commit) and taken back; I "
          + "left the code as it is and wrote down what a second attempt has to keep."
          + DemoReport.block(turn: "Looked into \(part.symbol), changed nothing")),
    ]
  }

  private static func delivery(
    _ job: DemoJob, _ script: WorkerScript, _ number: Int, _ tests: Int, _ random: inout DemoRandom
  ) -> [DemoStep] {
    let (old, new, branch) = (random.hex(7), random.hex(7), script.branch)
    let commit: DemoStep = .run(
      "git commit -qam \"\(job.title)\" && git log --oneline -1", "\(new) \(job.title)")
    guard random.chance(0.75) else {
      return [
        commit,
        .end(
          "\(job.done) All \(tests) tests pass; not pushed yet, the branch waits for a rebase."
            + DemoReport.block(
              DemoReport.event(.progress, "\(job.title): committed, \(tests) tests pass"))),
      ]
    }
    let push: DemoStep = .run(
      "git push origin \(branch)",
      "To git.example.org:fleet/\(script.project).git\n   \(old)..\(new)  \(branch) -> \(branch)",
      seconds: 2.4)
    let pushed = DemoReport.event(
      .commitPushed, "Pushed \(new): \(job.title)",
      ["artifact_refs": [["kind": "commit", "ref": JSON(new), "source": "tool_output"]]])
    guard random.chance(0.5) else {
      let completed = DemoReport.event(.completed, job.done, ["confidence": 0.9])
      return [
        commit, push,
        .end("\(job.done) All \(tests) tests pass." + DemoReport.block(pushed, completed)),
      ]
    }
    let pull = script.firstPullRequest + number
    let reference = DemoReport.pullRequest(script.project, pull, job.title)
    let isSure = random.chance(0.8)
    return [
      commit, push,
      .run("gh pr create --fill", DemoReport.pullRequestURL(script.project, pull), seconds: 3.1),
      .end(
        "\(job.done) #\(pull) is open and needs a review."
          + DemoReport.block(
            DemoReport.event(.prOpened, "#\(pull) \(job.title)", ["artifact_refs": reference]),
            DemoReport.event(
              .completed, "\(job.done) #\(pull) needs a review",
              [
                "confidence": isSure ? 0.9 : 0.6, "operator_action_required": true,
                "artifact_refs": reference,
              ]))),
    ]
  }

  /// One round of the supervisor.
  private static func tick(_ number: Int, _ random: inout DemoRandom) -> [DemoStep] {
    let projects = DemoScript.workers.filter { $0.agent.logPath == nil }.map(\.project)
    let project = random.pick(projects)
    return [
      .supervisor("tick.started", "Tick \(number): looking at \(projects.count) workers"),
      .supervisor("task.heartbeat", "\(project): branch, worktree and process are there"),
      .supervisor("tick.completed", "Tick \(number): \(random.int(0...2)) tasks to hand out"),
    ]
  }
}
