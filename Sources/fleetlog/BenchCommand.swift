import FleetlogEvents
import FleetlogWeb

/// Measures the program against what this machine can do.
enum BenchCommand: Verb {
  static let name = "bench"
  static let usesSettings = false
  static let help = "Measures Fleetlog on this machine, over a fleet that it invents."
  static let options = [
    CommonOptions.json,
    Option(name: "markdown", value: nil, help: "prints the tables as Markdown"),
    Option(
      name: "size", value: "MB", help: "transcripts that are imported (default 100, at least 1)"),
    Option(name: "seed", value: "N", help: "another number, another fleet (default 7)"),
    Option(
      name: "only", value: "STAGE,…",
      help: "of " + BenchStage.allCases.map(\.rawValue).joined(separator: ", ")),
    Option(
      name: "archives", value: "MB,…",
      help: "grows a log to so many MB of transcript, and measures appends and pages at each"),
    Option(name: "events", value: "N,…", help: "the same, to so many events"),
    Option(
      name: "files", value: "N", help: "short transcripts for restart and rest (default 5000)"),
    Option(
      name: "seconds", value: "N",
      help: "how long is appended and rested, at least 4 for full runs (default 5)"),
    Option(name: "work", value: "DIR", help: "where its temporary folder is made, and removed"),
    Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let settings = try settings(arguments)
    let assets = try Places.assets(arguments).root
    var report = BenchReport(machine: .this(), settings: asked(arguments))
    do {
      report.results = try Children.withFolder(in: arguments.value("work")) { folder in
        try Bench(settings, folder: folder, assets: ["--assets", assets]).run()
      }
    } catch let failure as Failure {
      throw Failure(
        "measuring was broken off: \(failure); try again where nothing else runs and the disk has "
          + "room, and report what stays")
    }
    Terminal.show("")
    if arguments.has("json") {
      Terminal.print(report.json.bytes)
    } else if arguments.has("markdown") {
      Terminal.print(report.markdown)
    } else {
      Terminal.print(report.machine.sentence)
      for table in report.tables {
        Terminal.print("")
        table.print()
      }
    }
    return 0
  }

  private static func settings(_ arguments: Arguments) throws -> Bench.Settings {
    var settings = Bench.Settings()
    if let size = try arguments.int("size", in: 1...1_000_000) { settings.bytes = size * 1_000_000 }
    if let seed = try arguments.int("seed", in: 0...Int.max) { settings.seed = UInt64(seed) }
    settings.files = try arguments.int("files", in: 1...1_000_000) ?? settings.files
    settings.seconds = try arguments.int("seconds", in: 1...3600) ?? settings.seconds
    settings.archives = try numbers("archives", arguments).map { $0 * 1_000_000 }
    settings.events = try numbers("events", arguments)
    if let names = arguments.value("only") {
      settings.stages = []
      for name in names.split(separator: ",") {
        guard let stage = BenchStage(rawValue: String(name)) else {
          throw UsageError(
            "\(arguments.called("only")) can't be \"\(names)\": it takes, with commas between them, "
              + BenchStage.allCases.map(\.rawValue).joined(separator: ", "))
        }
        settings.stages.insert(stage)
      }
    }
    return settings
  }

  private static func numbers(
    _ name: String, _ arguments: Arguments
  ) throws(UsageError) -> [Int] {
    guard let text = arguments.value(name) else { return [] }
    let numbers = text.split(separator: ",").map { Int($0) ?? 0 }
    guard !numbers.isEmpty, numbers.allSatisfy({ (1...1_000_000_000).contains($0) }) else {
      throw UsageError(
        "\(arguments.called(name)) can't be \"\(text)\": it takes whole numbers with commas between "
          + "them")
    }
    return numbers
  }

  /// What makes the figures what they are: the options but those that say how to print and where.
  private static func asked(_ arguments: Arguments) -> [(name: String, value: String)] {
    ["size", "seed", "only", "archives", "events", "files", "seconds"].compactMap { name in
      arguments.value(name).map { (name, $0) }
    }
  }
}
