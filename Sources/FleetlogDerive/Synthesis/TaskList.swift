/// A worker's to-do list that no call shows whole: one call adds a step, another sets its state, and
/// others may do so too, which only a listing tells.
struct TaskList {
  /// Whether each step is done, by its number as text.
  private var steps: [String: Bool] = [:]

  private static let most = 1000

  private var isDone: Bool { !steps.isEmpty && steps.values.allSatisfy { $0 } }

  /// Takes a call that did what it asked for.
  ///
  /// - Returns: whether the list is done by this call, or open; nil where it left that as it was.
  mutating func take(_ call: Call, _ result: ToolReturn) -> Bool? {
    let wasDone = isDone
    switch call.tool {
    case "TaskUpdate":
      guard let task = call.task else { return nil }
      set(task.id, task.status)
    case "TaskCreate":
      guard let id = Self.number(in: result.output) else { return nil }
      set(id, "pending")
    case "TaskList":
      for line in result.output.split(whereSeparator: \.isNewline) {
        guard let id = Self.number(in: line), let status = Self.status(in: line) else { continue }
        set(id, String(status))
      }
    default: return nil
    }
    return isDone == wasDone ? nil : isDone
  }

  private mutating func set(_ id: String, _ status: String) {
    guard steps[id] != nil || steps.count < Self.most else { return }
    steps[id] = status == "deleted" ? nil : status == "completed"
  }

  /// The number in "Task #3 created successfully: …" and in "#3 [completed] …".
  private static func number(in text: some StringProtocol) -> String? {
    guard let mark = text.firstIndex(of: "#") else { return nil }
    let digits = text[text.index(after: mark)...].prefix { $0.isASCII && $0.isNumber }
    return digits.isEmpty ? nil : String(digits)
  }

  /// The word in the first square brackets.
  private static func status(in line: Substring) -> Substring? {
    guard let start = line.firstIndex(of: "["), let end = line[start...].firstIndex(of: "]") else {
      return nil
    }
    return line[line.index(after: start)..<end]
  }
}
