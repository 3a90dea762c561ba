import FleetlogClient
import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogWeb
import Foundation

/// Looks after the installation: what is well, what is not, and what mends it.
enum DoctorCommand: Verb {
  static let name = "doctor"
  static let operands = "[DIR…]"
  static let help = "Checks the log, its sources and this machine, and says how to mend each."
  static let options = [
    CommonOptions.database, CommonOptions.json,
    Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
  ]

  struct Check {
    let name: String
    let isWell: Bool
    let finding: String
    var mend: String?
    /// Bytes by kind of content.
    var sizes: [EventLog.StorageSize] = []
  }

  static func run(_ arguments: Arguments) throws -> Int32 {
    let path = CommonOptions.database(arguments)
    var checks = [versions()]
    checks.append(assets(arguments))
    checks += log(path)
    checks += token(path)
    checks += watching(arguments.positional.isEmpty ? Places.agentFolders : arguments.positional)
    checks.append(hooks(InstalledHooks.all))
    if arguments.has("json") {
      var object = JSONObject()
      object.set("well", checks.allSatisfy(\.isWell))
      object.set(
        "checks",
        checks.map { check in
          var entry = JSONObject()
          entry.set("name", check.name)
          entry.set("well", check.isWell)
          entry.set("finding", check.finding)
          entry.set("mend", check.mend)
          if !check.sizes.isEmpty {
            var sizes = JSONObject()
            for size in check.sizes { sizes.set(size.kind, size.bytes) }
            entry.set("bytes", sizes)
          }
          return entry
        })
      Terminal.print(object.bytes)
    } else {
      for check in checks {
        let mark = check.isWell ? "ok  " : "MEND"
        Terminal.print("\(mark)  \(check.name): \(Terminal.safe(check.finding))")
        if let mend = check.mend { Terminal.print("      → \(Terminal.safe(mend))") }
      }
    }
    return checks.allSatisfy(\.isWell) ? 0 : 1
  }

  private static func versions() -> Check {
    Check(
      name: "versions", isWell: true,
      finding: "fleetlog \(Fleetlog.version), SQLite \(EventLog.sqliteVersion), "
        + "schema \(EventLog.schemaVersion), contract \(EventContract.version)")
  }

  private static func assets(_ arguments: Arguments) -> Check {
    do {
      let assets = try Places.assets(arguments)
      return Check(name: "assets", isWell: true, finding: assets.root)
    } catch {
      return Check(
        name: "assets", isWell: false, finding: "\(error)",
        mend: "name the folder with --assets or FLEETLOG_ASSETS")
    }
  }

  private static func log(_ path: String) -> [Check] {
    guard FileManager.default.fileExists(atPath: path) else {
      return [Check(name: "log", isWell: true, finding: "none yet at \(path)")]
    }
    do {
      let log = try EventLog(path: path)
      let overview = try log.overview()
      let sources = try log.sources()
      let damage = try log.integrityProblems()
      let unreadable = sources.filter { $0.state == .unreadable }
      let behind = sources.filter { $0.state == .reading && $0.offset < $0.size }
      return [
        Check(
          name: "log", isWell: damage.isEmpty,
          finding: damage.isEmpty
            ? "\(Figures.plural(overview.events, "event")) in \(path), structure sound"
            : damage.joined(separator: "; "),
          mend: damage.isEmpty
            ? nil
            : "stop fleetlog serve, move \(path) and its -wal, -shm and -search away and start it "
              + "again: it makes a new log from the transcripts; what was only logged, and the "
              + "receipts of deleted transcripts, are in the old file or in a backup"),
        texts(try log.damage()),
        Check(
          name: "full text", isWell: overview.searchLag == 0,
          finding: overview.searchLag == 0
            ? "current" : "\(Wording.plural(overview.searchLag, "event")) behind",
          mend: overview.searchLag == 0
            ? nil : "fleetlog serve brings it up to date; or delete \(path)-search to rebuild it"),
        Check(
          name: "sources", isWell: unreadable.isEmpty,
          finding: "\(sources.count) known, \(behind.count) with unread bytes, "
            + "\(unreadable.count) unreadable"
            + (unreadable.first.map { ", such as \($0.path): \($0.lastError ?? "")" } ?? ""),
          mend: unreadable.isEmpty ? nil : "see /sources for each reason"),
        size(try log.sizes()),
      ] + (try log.isForgetting() ? [Self.forgetting] : [])
    } catch {
      return [Check(name: "log", isWell: false, finding: error.description, mend: error.mend)]
    }
  }

  /// What is kept compressed, which SQLite's check does not look into.
  private static func texts(_ damage: Damage) -> Check {
    guard !damage.isNone else { return Check(name: "texts", isWell: true, finding: "all unpack") }
    var findings: [String] = []
    var mends: [String] = []
    if damage.events > 0 {
      let first = damage.firstEvents.map(String.init).joined(separator: ", ")
      findings.append(
        "the payload of \(Wording.plural(damage.events, "event")) is damaged: \(first)"
          + (damage.events > damage.firstEvents.count ? ", …" : ""))
    }
    if damage.parserStates > 0 {
      findings.append(
        "where the reading of \(Wording.plural(damage.parserStates, "file")) stood is damaged: "
          + "once it grows it is read again from its start")
    }
    if damage.pieces > 0 {
      findings.append("damaged pieces of kept transcripts: \(damage.pieces)")
    }
    if !damage.files.isEmpty {
      mends.append(
        "stop fleetlog serve and call fleetlog reindex --damaged, which reads "
          + "\(Wording.plural(damage.files.count, "transcript")) again and puts the text back")
    }
    if damage.eventsOfNoFile > 0 {
      mends.append(
        "\(Wording.plural(damage.eventsOfNoFile, "event")) of no transcript stay cut: a backup "
          + "has the text")
    }
    if damage.pieces > 0 {
      mends.append(
        "receipts of a damaged piece are shown from the transcript while it stands, else from a "
          + "backup")
    }
    return Check(
      name: "texts", isWell: false, finding: findings.joined(separator: "; "),
      mend: mends.joined(separator: "; "))
  }

  private static let forgetting = Check(
    name: "forgetting", isWell: false,
    finding: "a forget was cut short: what it removed may still stand in the files' unused bytes",
    mend: "stop fleetlog serve and call fleetlog forget --yes again, with the same words")

  /// Nothing where no token was ever asked for.
  private static func token(_ database: String) -> [Check] {
    let file = TokenFile(
      LogPlaces(environment: ProcessInfo.processInfo.environment, database: database).tokenFile)
    do throws(TokenFile.Trouble) {
      _ = try file.read()
      return [Check(name: "token", isWell: true, finding: "\(file.path), yours alone")]
    } catch .missing {
      return []
    } catch {
      return [
        Check(
          name: "token", isWell: false, finding: "\(file.path): \(error.explanation)",
          mend: "chmod 600 it, or put another in its place: fleetlog token renew")
      ]
    }
  }

  private static func hooks(_ installed: [InstalledHooks]) -> Check {
    let isBroken = installed.contains(where: \.isBroken)
    let isNone = installed.allSatisfy { $0.programs.isEmpty && $0.trouble == nil }
    return Check(
      name: "hooks", isWell: !isBroken,
      finding: installed.isEmpty
        ? "no agent here that could have one"
        : installed.map(\.words).joined(separator: "; ")
          + (isNone ? "; fleetlog hook --install has them tell what no transcript says" : ""),
      mend: isBroken
        ? "call fleetlog hook --install with the program that is to stay, or fleetlog hook --remove"
        : nil)
  }

  private static func size(_ sizes: [EventLog.StorageSize]) -> Check {
    let all = sizes.reduce(0) { $0 + $1.bytes }
    let kinds = sizes.map { "\($0.kind) \(Figures.bytes($0.bytes))" }
    return Check(
      name: "size", isWell: true,
      finding: "\(Figures.bytes(all)): \(kinds.joined(separator: ", "))", sizes: sizes)
  }

  private static func watching(_ folders: [String]) -> [Check] {
    let present = folders.filter { FileManager.default.fileExists(atPath: $0) }
    let listing = FileLister().list(present.map { FilePath($0) })
    let setting = "/proc/sys/fs/inotify/max_user_watches"
    let limit = (try? String(contentsOfFile: setting, encoding: .utf8)).flatMap { Int($0.trimmed) }
    let isWell = limit.map { listing.folders < $0 } ?? true
    let unreadable = listing.passedOver.filter {
      if case .unreadable = $0.reason { true } else { false }
    }
    return [
      Check(
        name: "folders", isWell: unreadable.isEmpty,
        finding: "\(unreadable.count) that can't be read"
          + (unreadable.first.map { ", such as \($0.path): \($0.detail)" } ?? ""),
        mend: unreadable.isEmpty
          ? nil : "let the user that runs fleetlog read them (chmod, chown), or watch others"),
      Check(
        name: "watching", isWell: isWell,
        finding: present.isEmpty
          ? "no agent's folder found here"
          : "\(Figures.plural(listing.folders, "folder")), "
            + "\(Figures.plural(listing.files.count, "transcript")); the limit is "
            + (limit.map { "\($0) watches" } ?? "unknown"),
        mend: isWell ? nil : "raise it: sysctl fs.inotify.max_user_watches=524288"),
    ]
  }
}
