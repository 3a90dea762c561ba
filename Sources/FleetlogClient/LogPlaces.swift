import FleetlogEvents
import Glibc

/// Where a process logs to, by its environment alone.
package struct LogPlaces: Sendable {
  /// The log's file, whether it is there or not.
  package let database: String
  /// The drop folder: where lines wait for a log that can't be reached.
  package let inbox: String
  /// A server to log to where no log is named.
  package let url: String?
  /// The file with the token that the log's server may ask for.
  package let tokenFile: String
  /// Whether it is named, and not just the one beside the log.
  package let namesTokenFile: Bool
  /// The program that writes to a log that no server writes to; nil where there is none.
  package let program: String?

  /// The folder below the drop folder that every server of the log reads: what runs leave there.
  package var runs: String { inbox + "/runs" }

  /// What a server leaves beside its log for those who look for it.
  package var serverNotice: String { Self.serverNotice(of: database) }
  package static func serverNotice(of database: String) -> String { database + "-server" }

  /// - Parameters:
  ///   - database: the log where it is named otherwise than by the environment.
  ///   - inbox: the drop folder likewise.
  package init(
    environment: [String: String], database: String? = nil, inbox: String? = nil,
    program: String? = nil
  ) {
    func named(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    let given = database ?? named("FLEETLOG_DB")
    self.database = Self.absolute(given ?? Self.data(environment) + "/fleetlog.db")
    self.inbox = Self.absolute(
      inbox ?? named("FLEETLOG_INBOX") ?? Self.folder(of: self.database) + "/inbox")
    let tokenFile = named("FLEETLOG_TOKEN_FILE")
    namesTokenFile = tokenFile != nil
    self.tokenFile = Self.absolute(tokenFile ?? TokenFile.path(of: self.database))
    url = given == nil ? named("FLEETLOG_URL") : nil
    self.program = program ?? named("FLEETLOG_PROGRAM") ?? Self.find("fleetlog", environment)
  }

  /// `$XDG_DATA_HOME/fleetlog`, else below the home folder.
  package static func data(_ environment: [String: String]) -> String {
    if let folder = environment["XDG_DATA_HOME"], folder.hasPrefix("/") {
      return folder + "/fleetlog"
    }
    return home(environment) + "/.local/share/fleetlog"
  }

  static func home(_ environment: [String: String]) -> String {
    environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? userHome ?? ""
  }

  /// As the machine's list of users has it: asking the C library loads others, which the launcher,
  /// linked without a loader, must not.
  private static var userHome: String? {
    let users = SmallFile.read("/etc/passwd") ?? []
    for line in users.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      if fields.count > 5, fields[2].elementsEqual(String(getuid()).utf8) {
        return String(decoding: fields[5], as: UTF8.self)
      }
    }
    return nil
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// As seen from `/`, since the processes that inherit it may work in another folder.
  package static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return String(cString: current) + "/" + path
  }

  private static func find(_ name: String, _ environment: [String: String]) -> String? {
    for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
      let path = folder + "/" + name
      if access(path, X_OK) == 0 { return path }
    }
    return nil
  }

  /// The environment of this process.
  package static var environment: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let variable = String(cString: text)
      if let mark = variable.firstIndex(of: "=") {
        variables[String(variable[..<mark])] = String(variable[variable.index(after: mark)...])
      }
      entry += 1
    }
    return variables
  }

  /// Makes a folder and those above it, readable by their owner only.
  package static func makeFolder(_ path: String) {
    guard mkdir(path, 0o700) != 0, errno == ENOENT else { return }
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/" + part
      mkdir(made, 0o700)
    }
  }
}
