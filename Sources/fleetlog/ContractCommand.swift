import FleetlogEvents

/// Prints the text that teaches a worker to emit events, or keeps it in instruction files.
enum ContractCommand: Verb {
  static let name = "contract"
  static let operands = "[--install FILE | --remove FILE]"
  static let help = """
    Installs the text that teaches a worker to emit events, or prints it where no file is named. In
    an instruction file it is a marked section, which --install keeps current.
    """
  static let options = [
    CommonOptions.json,
    Option(
      name: "install", value: "FILE", help: "puts it into CLAUDE.md, AGENTS.md, …, or renews it",
      isRepeatable: true),
    Option(
      name: "remove", value: "FILE", help: "takes it out again, and nothing else",
      isRepeatable: true),
    Option(name: "dry-run", value: nil, help: "shows what would change, and changes nothing"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard arguments.positional.isEmpty else {
      throw UsageError("it takes no operand: name the file behind --install or --remove")
    }
    let (installs, removals) = (arguments.values("install"), arguments.values("remove"))
    guard installs.isEmpty, removals.isEmpty else {
      for file in installs { try edit(file, isInstalling: true, arguments) }
      for file in removals { try edit(file, isInstalling: false, arguments) }
      return 0
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

  private static func edit(
    _ path: String, isInstalling: Bool, _ arguments: Arguments
  ) throws {
    let file = try FileEdit(path)
    if isInstalling { try file.requireFolder() }
    let before = file.content ?? []
    let after: [UInt8]?
    let version: String?
    do throws(ContractSection.Refusal) {
      version = try ContractSection.version(in: before)
      after =
        try isInstalling
        ? ContractSection.install(in: file.content) : ContractSection.remove(from: before)
    } catch {
      throw Failure("can't edit \(path): \(error); nothing was changed")
    }
    let shown = Terminal.safe(path)
    guard after != file.content, isInstalling || file.content != nil else {
      return Terminal.say(
        isInstalling
          ? "\(shown) holds version \(EventContract.version) of the contract already"
          : "\(shown) holds no contract: nothing to remove")
    }
    if arguments.has("dry-run") {
      Terminal.say("would change \(shown):")
      return FileDifference.show(from: before, to: after ?? [])
    }
    if let after { try file.replace(with: after) } else { try file.remove() }
    let earlier = version.map { Terminal.safe($0) }
    Terminal.say(
      isInstalling
        ? "\(shown) now holds version \(EventContract.version) of the contract"
          + (earlier.map { ", in place of version \($0)" } ?? "")
        : "\(shown) no longer holds the contract")
  }
}
