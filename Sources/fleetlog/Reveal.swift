/// Whether secrets that are recognised are shown as they are. Otherwise each is masked by its kind and
/// length wherever a text of the log is shown.
enum Reveal {
  static let option = Option(
    name: "reveal", value: nil, help: "shows recognised secrets, which are masked otherwise")
  static let servingOption = Option(
    name: option.name, value: nil, help: option.help + "; on loopback only")

  static func isAsked(_ arguments: Arguments) -> Bool { arguments.has(option.name) }

  /// For a server, which must then be reached from this machine alone.
  static func isAsked(serving arguments: Arguments) throws(UsageError) -> Bool {
    guard isAsked(arguments) else { return false }
    let host = arguments.value("host") ?? "127.0.0.1"
    let isLoopback =
      host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    guard isLoopback, arguments.value("public-origin") == nil else {
      throw UsageError(
        "--reveal shows secrets to whoever opens a page, so it is for this machine alone: leave it "
          + "away, or --host and --public-origin")
    }
    return true
  }
}
