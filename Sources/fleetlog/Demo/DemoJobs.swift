/// A part of a project that jobs are about.
struct DemoPart: Sendable {
  /// As people say it: "the day close".
  let name: String
  let symbol: String
  let file: String

  init(_ name: String, _ symbol: String, _ file: String) {
    self.name = name
    self.symbol = symbol
    self.file = file
  }
}

/// A task as every project gets it sooner or later: `%p` is the part that it is about, `%s` that
/// part's symbol.
struct DemoJob: Sendable {
  let title: String
  let ask: String
  let why: String
  let old: String
  let new: String
  let test: String
  let failure: String
  let done: String

  func about(_ part: DemoPart) -> DemoJob {
    func fill(_ text: String) -> String {
      let name =
        text.hasPrefix("%p") ? part.name.prefix(1).uppercased() + part.name.dropFirst() : ""
      let start = name.isEmpty ? text[...] : text.dropFirst(2)
      return name + start.replacing("%p", with: part.name).replacing("%s", with: part.symbol)
    }
    return DemoJob(
      title: fill(title), ask: fill(ask), why: fill(why), old: fill(old), new: fill(new),
      test: test, failure: failure, done: fill(done))
  }
}

enum DemoJobs {
  static let all = [
    DemoJob(
      title: "Make %p all or nothing", ask: "When %p is cut short, half of its work stays behind.",
      why: "%s commits after every item, so a crash between two leaves a mixed state.",
      old: "for item in items { %s(item); commit() }",
      new: "for item in items { %s(item) }\ncommit()",
      test: "all_or_nothing", failure: "7 of 12 items stayed after the crash, expected 0",
      done: "%p commits once, at the end."),
    DemoJob(
      title: "Bound the retries of %p", ask: "While the other side is down, %p hammers it.",
      why: "%s tries again at once and without a limit; nothing ever gives up.",
      old: "retry(%s)", new: "retry(%s, times: 3, backoff: 0.5)", test: "gives_up",
      failure: "expected 3 calls, got 47", done: "%p gives up after three tries, each later."),
    DemoJob(
      title: "End %p where its input ends", ask: "%p runs once more when there is nothing left.",
      why: "The bound of %s is inclusive; on a full page the next one is asked for in vain.",
      old: "while next <= count { %s(next) }", new: "while next < count { %s(next) }",
      test: "stops_at_end", failure: "index 12 is out of range 0..<12",
      done: "%p ends where its input does."),
    DemoJob(
      title: "Give %p a deadline", ask: "One slow answer holds %p up for minutes.",
      why: "%s waits without a timeout, so the slowest peer decides how fast we are.",
      old: "wait(%s)", new: "wait(%s, timeout: 2.0)", test: "meets_deadline",
      failure: "took 30.0 s, expected at most 2.5 s",
      done: "%p answers within two seconds or fails."),
    DemoJob(
      title: "Keep the order in %p", ask: "A test of %p fails every few runs. Find out why.",
      why: "%s walks a hash map, and the test takes its order for granted.",
      old: "for entry in entries { %s(entry) }", new: "for entry in sorted(entries) { %s(entry) }",
      test: "keeps_order", failure: "expected [a, b, c], got [b, a, c]",
      done: "%p goes in a stable order; 200 runs without a failure."),
    DemoJob(
      title: "Ask once in %p", ask: "%p sends a query for every row. Make it one for all.",
      why: "%s loads its parent lazily, inside the loop: 41 queries for 40 rows.",
      old: "rows.map(%s)", new: "preload(rows).map(%s)", test: "asks_once",
      failure: "expected at most 2 queries, counted 41", done: "%p needs two queries, was 41."),
    DemoJob(
      title: "Stream %p", ask: "%p takes 1.4 GB for the biggest customer.",
      why: "%s collects every row before it hands over the first one.",
      old: "emit(collect(%s))", new: "for row in %s { emit(row) }", test: "streams",
      failure: "peak 1412 MB, expected below 200 MB", done: "%p streams; the peak is 60 MB now."),
    DemoJob(
      title: "Count days in the readers' zone: %p", ask: "In %p, evenings count for the next day.",
      why: "%s cuts days in UTC, while the people who read them live elsewhere.",
      old: "%s(now.utc)", new: "%s(now.in(zone))", test: "cuts_days",
      failure: "expected 2026-03-31, got 2026-04-01", done: "%p cuts days where its readers live."),
    DemoJob(
      title: "Refuse empty input in %p", ask: "An empty file makes %p report success.",
      why: "%s treats nothing as nothing wrong; the caller can't tell the two apart.",
      old: "%s(input)", new: "require(!input.isEmpty)\n%s(input)", test: "refuses_empty",
      failure: "expected an error, none was raised", done: "%p says so when there is nothing to do."
    ),
    DemoJob(
      title: "Close what %p opens", ask: "After a day, %p runs out of file descriptors.",
      why: "%s returns early on an error, past the line that closes the file.",
      old: "file = open(path)\n%s(file)", new: "with open(path) as file {\n  %s(file)\n}",
      test: "closes_files", failure: "104 descriptors open after 100 failures, expected 4",
      done: "%p closes its files on every path."),
    DemoJob(
      title: "Say why %p refuses", ask: "%p only says “invalid”. People ask us what is.",
      why: "%s drops the reason when it wraps the error.",
      old: "fail(\"invalid\")", new: "fail(\"invalid: \" + reason)", test: "names_reason",
      failure: "expected “invalid: unknown currency”, got “invalid”",
      done: "%p names the field and the reason."),
  ]
}
