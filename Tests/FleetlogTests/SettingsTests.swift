import FleetlogClient
import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The file of settings")
struct SettingsTests {
  private static func file(_ json: String) throws -> SettingsFile {
    try SettingsFile.parse(Array(json.utf8), path: "/etc/config.json", home: "/home/anna")
  }

  private static func arguments(
    _ json: String, _ words: [String] = [], environment: [String: String] = [:],
    verb: any Verb.Type = ServeCommand.self
  ) throws -> Arguments {
    let file = try file(json)
    try file.check(against: Fleetlog.verbs)
    return try Arguments(
      words, options: verb.options, environment: environment, settings: file, verb: verb.name)
  }

  @Test("a flag counts more than the environment, that more than the file")
  func order() throws {
    let json = #"{"port": 1}"#
    let variable = ["FLEETLOG_PORT": "2"]
    let flag = try Self.arguments(json, ["--port", "3"], environment: variable)
    #expect(flag.value("port") == "3" && flag.origin("port") == .flag)
    let environment = try Self.arguments(json, environment: variable)
    #expect(environment.value("port") == "2")
    #expect(environment.origin("port") == .environment("FLEETLOG_PORT"))
    let file = try Self.arguments(json)
    #expect(file.value("port") == "1")
    #expect(file.origin("port") == .file("/etc/config.json", key: "port"))
    let none = try Self.arguments(#"{"port": null}"#)
    #expect(none.value("port") == nil && none.origin("port") == nil)
  }

  @Test("a verb's own section counts more than what is for all, and for that verb alone")
  func sections() throws {
    let json = #"{"db": "~/all.db", "serve": {"db": "/serve.db"}}"#
    #expect(try Self.arguments(json).value("db") == "/serve.db")
    let events = try Self.arguments(json, verb: EventsCommand.self)
    #expect(events.value("db") == "/home/anna/all.db")
  }

  @Test("lists, objects and switches have their own shapes, and keys with slashes are comments")
  func shapes() throws {
    let json = """
      {"//db": "not a setting", "allow-host": ["a", "b"], "reveal": true, "folder": "/one",
       "threshold": {"silence": "45m", "flood-size": 20}}
      """
    let arguments = try Self.arguments(json)
    #expect(arguments.values("allow-host") == ["a", "b"])
    #expect(arguments.has("reveal"))
    #expect(arguments.values("folder") == ["/one"])
    #expect(Set(arguments.values("threshold")) == ["silence=45m", "flood-size=20"])
    #expect(try !Self.arguments(#"{"reveal": false}"#).has("reveal"))
  }

  @Test(
    "what no verb knows, and values of another kind, are named with the file and what would do",
    arguments: [
      (#"{"prot": 1}"#, "\"prot\" is no setting"),
      (#"{"serve": {"limit": 1}}"#, "\"serve.limit\" is no setting"),
      (#"{"port": true}"#, "\"port\" can't be true or false: it takes a string or a number"),
      (#"{"reveal": "yes"}"#, "\"reveal\" can't be a string: it takes true or false"),
      (#"{"db": ["a"]}"#, "\"db\" can't be a list"),
      (#"{"threshold": ["silence=45m"]}"#, "\"threshold\" can't be a list: it takes an object"),
      (#"{"threshold": {"silence": {}}}"#, "\"threshold.silence\" can't be an object"),
    ])
  func refused(json: String, reason: String) throws {
    let error = #expect(throws: UsageError.self) { try Self.arguments(json) }
    let text = error?.description ?? ""
    #expect(text.contains("/etc/config.json") && text.contains(reason), "\(text)")
  }

  @Test("a value that won't do is blamed on the key and its file, the variable or the flag")
  func blamed() throws {
    func error(_ json: String, _ words: [String] = [], _ environment: [String: String] = [:])
      -> String
    {
      let error = #expect(throws: UsageError.self) {
        let arguments = try Self.arguments(json, words, environment: environment)
        _ = try arguments.int("port", in: 0...65535)
        _ = try Thresholds.rules(arguments)
      }
      return error?.description ?? ""
    }
    let inFile = error(#"{"serve": {"port": "abc"}}"#)
    #expect(inFile.hasPrefix("serve.port in /etc/config.json can't be \"abc\""), "\(inFile)")
    #expect(error("{}", [], ["FLEETLOG_PORT": "abc"]).hasPrefix("FLEETLOG_PORT can't be"))
    #expect(error(#"{"port": "abc"}"#, ["--port", "x"]).hasPrefix("--port can't be \"x\""))
    let table = error(#"{"threshold": {"nosuch": "1"}}"#)
    #expect(table.hasPrefix("threshold in /etc/config.json can't be \"nosuch=1\""), "\(table)")
  }

  @Test("a filter's value in the environment is blamed on its variable")
  func blamedFilter() throws {
    let answer = try RunningProgram.run(["events"], environment: ["FLEETLOG_MIN_SEVERITY": "9"])
    #expect(answer.status == 2)
    #expect(answer.error.contains(": FLEETLOG_MIN_SEVERITY can't be \"9\""), "\(answer.error)")
  }

  @Test(
    "what is no JSON object is refused; nothing at all is no settings", arguments: ["[", "[]", "1"])
  func malformed(text: String) throws {
    #expect(throws: SettingsFile.Failure.self) { try Self.file(text) }
    #expect(try Self.file(" \n").members.isEmpty)
  }

  @Test("every verb has a key for each of its options, and the example takes them all")
  func example() throws {
    let file = try Self.file(ConfigCommand.example)
    try file.check(against: Fleetlog.verbs)
    let keys = Set(file.members.map(\.key))
    for verb in Fleetlog.verbs where verb.usesSettings && verb != ConfigCommand.self {
      for option in verb.options { #expect(keys.contains(option.name), "\(option.name)") }
    }
  }

  @Test(
    "the program shows where each value comes from, and takes the file by its place or its name")
  func shown() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("config")
      try fleet.folder.makeFolder("config/fleetlog")
      try fleet.folder.write(
        "config/fleetlog/config.json", #"{"port": 7000, "serve": {"max-text": 4096}}"#)
      let places = ["XDG_CONFIG_HOME": fleet.folder.path.text + "/config", "FLEETLOG_HOST": "::1"]
      let answer = try RunningProgram.run(
        ["config", "serve", "--json", "--db", "/x.db"], environment: places)
      let settings = try JSONDocument(answer.output).root["settings"]?.elements ?? []
      func shown(_ key: String) -> [String?] {
        settings.first { $0["key"]?.string == key }.map {
          [$0["value"]?.string, $0["from"]?.string]
        }
          ?? []
      }
      #expect(shown("port") == ["7000", "file: port"])
      #expect(shown("max-text") == ["4096", "file: serve.max-text"])
      #expect(shown("host") == ["::1", "environment: FLEETLOG_HOST"])
      #expect(shown("db") == ["/x.db", "flag"])
      #expect(shown("reveal") == ["off", "default"])

      let home = ["XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/none", "FLEETLOG_DB": ""]
      for (verb, key, place) in [
        ("events", "db", "fleetlog.db"), ("hook", "inbox", "inbox"), ("log", "inbox", "inbox"),
      ] {
        let shown = try RunningProgram.run(["config", verb, "--json"], environment: home).output
        let setting = try JSONDocument(shown).root["settings"]?.elements.first {
          $0["key"]?.string == key
        }
        #expect(setting?["value"]?.string == "/data/fleetlog/" + place, "\(shown)")
        #expect(setting?["from"]?.string == "default")
      }

      try fleet.folder.write("other.json", #"{"nonsense": 1}"#)
      let refused = try RunningProgram.run(
        ["events", "--config", fleet.folder.path.text + "/other.json"], environment: places)
      #expect(refused.status == 2 && refused.error.contains("nonsense"))
      let missing = try RunningProgram.run(["events", "--config", "/nonexistent.json"])
      #expect(missing.status != 0 && missing.error.contains("--config"))
    }
  }

  @Test("what `fleetlog run` and those who log need is found in the file as well")
  func places() throws {
    try Fleet.with { fleet in
      try fleet.folder.write(
        "c.json", #"{"db": "/logs/a.db", "run": {"role": "supervisor"}, "inbox": "/in"}"#)
      let environment = ["FLEETLOG_CONFIG": fleet.folder.path.text + "/c.json", "HOME": "/home/x"]
      let merged = try SettingsFile.merged(environment, verb: "run")
      #expect(merged["FLEETLOG_ROLE"] == "supervisor")
      let places = LogPlaces(environment: merged)
      #expect(places.database == "/logs/a.db" && places.inbox == "/in")
      let own = try SettingsFile.merged(environment.merging(["FLEETLOG_DB": "/b.db"]) { $1 })
      #expect(own["FLEETLOG_DB"] == "/b.db")
    }
  }
}
