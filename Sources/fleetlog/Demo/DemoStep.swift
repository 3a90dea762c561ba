import FleetlogEvents

/// One thing that happens in a worker's transcript: the vocabulary of the demo's script.
enum DemoStep: Sendable {
  /// The operator asks for something; the title is the session's if it has none yet.
  case prompt(String, title: String? = nil)
  case think(String)
  case say(String)
  /// Says it and ends the turn.
  case end(String)
  case call(DemoTool, DemoOutcome?)
  /// Hands work to sub-agents, side by side, and goes on when all have reported.
  case delegate([DemoDelegation])
  /// What becomes of a call that nothing answered so far.
  case answer(DemoOutcome)
  /// The operator stops the call that is open, and with it the turn.
  case interrupt
  /// The operator takes the conversation up again, in a session of its own.
  case resume
  /// A line as a process logs it directly, without its time.
  case log(JSON.Fields)
  /// Nothing for so many seconds.
  case wait(ClosedRange<Double>)
}

/// A tool, apart from what an agent calls it.
enum DemoTool: Sendable {
  case command(String)
  case read(String)
  case search(String)
  case edit(String, old: String, new: String)
  case plan([String], done: Int)
  case ask(String, options: [String])
  case agent(DemoDelegation, id: String)
}

struct DemoOutcome: Sendable {
  let text: String
  var exitCode = 0
  /// Between the call and its result.
  var seconds = 0.3
  /// The operator did not let it run.
  var isRefused = false
}

/// What a sub-agent is asked to do, and how it goes about it; the last step is its report.
struct DemoDelegation: Sendable {
  let title: String
  let kind: String
  let prompt: String
  let steps: [DemoStep]
}

extension DemoStep {
  static func run(
    _ command: String, _ output: String = "", exit: Int = 0, seconds: Double = 0.8
  ) -> DemoStep {
    .call(.command(command), DemoOutcome(text: output, exitCode: exit, seconds: seconds))
  }

  static func read(_ path: String, _ lines: String...) -> DemoStep {
    .call(.read(path), DemoOutcome(text: lines.joined(separator: "\n")))
  }

  static func search(_ pattern: String, _ files: String...) -> DemoStep {
    .call(.search(pattern), DemoOutcome(text: files.joined(separator: "\n")))
  }

  static func edit(_ path: String, _ old: String, _ new: String) -> DemoStep {
    .call(.edit(path, old: old, new: new), DemoOutcome(text: ""))
  }

  static func plan(_ steps: [String], done: Int) -> DemoStep {
    .call(.plan(steps, done: done), DemoOutcome(text: ""))
  }
}

/// How a worker reports: the event block that it puts into its reply.
enum DemoReport {
  static func block(_ events: JSON..., turn: String? = nil) -> String {
    let block: JSON = [
      "schema_version": JSON(EventTypeCatalogue.schemaVersion),
      "contract_version": JSON(EventContract.version), "summary": .optional(turn),
      "events": JSON(events),
    ]
    return "\n\n\(EventBlock.begin)\n\(block.text)\n\(EventBlock.end)"
  }

  static func event(_ type: EventType, _ summary: String, _ more: KeyValuePairs<String, JSON> = [:])
    -> JSON
  {
    JSON([("event_type", JSON(type.rawValue)), ("summary", JSON(summary))] + more.map { ($0, $1) })
  }

  static func pullRequest(_ project: String, _ number: Int, _ title: String) -> JSON {
    [
      [
        "kind": "github_pr", "url": JSON(pullRequestURL(project, number)), "title": JSON(title),
        "ref": JSON("\(number)"), "source": "tool_output",
      ]
    ]
  }

  static func pullRequestURL(_ project: String, _ number: Int) -> String {
    "https://git.example.org/fleet/\(project)/pull/\(number)"
  }
}
