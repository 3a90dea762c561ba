import FleetlogClient
import FleetlogEvents
import Foundation

/// Shows the token of a log, or gives it another.
enum TokenCommand: Verb {
  static let name = "token"
  static let operands = "[show|renew]"
  static let help = """
    Prints the token that lets programs and browsers in where the log is served beyond this machine,
    and makes one if there is none. “renew” puts another in its place at once: whoever had the old
    one is out, browsers that signed in with it too.
    """
  static let options = [
    CommonOptions.database,
    Option(name: "token-file", value: "FILE", help: "where the token stands (default LOG-token)"),
    CommonOptions.json,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let places = LogPlaces(
      environment: ProcessInfo.processInfo.environment, database: arguments.value("db"))
    let file = TokenFile(
      arguments.value("token-file").map(LogPlaces.absolute) ?? places.tokenFile)
    let action = arguments.positional.first ?? "show"
    guard arguments.positional.count < 2, ["show", "renew"].contains(action) else {
      throw UsageError("it takes show or renew, and shows where nothing is said")
    }
    try Places.makeFolder(of: file.path)
    let token: String
    do throws(TokenFile.Trouble) {
      token = action == "renew" ? try file.renew() : try file.readOrMake()
    } catch {
      throw Failure("can't use the token file \(file.path): \(error.explanation)")
    }
    if arguments.has("json") {
      var object = JSONObject()
      object.set("token", token)
      object.set("file", file.path)
      Terminal.print(object.bytes)
    } else {
      Terminal.print(token)
    }
    return 0
  }
}
