import FleetlogEvents

/// Prints the text that teaches a worker to emit events.
enum ContractCommand: Verb {
  static let name = "contract"
  static let help = "Prints the prompt text that teaches a worker to emit events."
  static let options = [CommonOptions.json]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard arguments.positional.isEmpty else {
      throw UsageError("contract takes no operand: redirect its output into a file")
    }
    if arguments.has("json") {
      var object = JSONObject()
      object.set("contract_version", EventContract.version)
      object.set("text", ContractPrompt.text)
      Terminal.print(object.bytes)
    } else {
      Terminal.print(ContractPrompt.text)
    }
    return 0
  }
}
