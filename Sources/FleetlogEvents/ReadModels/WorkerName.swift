/// What people call a worker, the same wherever it is shown: the folder that it works in, as people
/// speak of a project, else the name under which its run speaks. A sub-agent shares the folder of
/// who started it and is called by what it was started for.
package struct WorkerName: Sendable, Equatable {
  /// The name under which its run speaks, which no other worker has.
  package let instance: String
  package let role: String
  /// The folder that it works in; nil where that is not known.
  package let project: String?
  /// What a run was started for; empty where that is not known.
  package let purpose: String
  /// What tells it from others that are called alike where it is shown; empty where none are.
  package fileprivate(set) var mark = ""

  package init(instance: String, role: String, project: String? = nil, purpose: String = "") {
    self.instance = instance
    self.role = role
    self.project = project
    self.purpose = purpose
  }

  private var isSubagent: Bool { role == "subagent" }

  package var short: String { mark.isEmpty ? called : "\(called) · \(mark)" }

  /// The same without what tells it from others.
  private var called: String {
    if isSubagent, !purpose.isEmpty { return Self.task(in: purpose) }
    return folder ?? instance
  }

  /// Tells it from every other, as a line of facts.
  package var full: String {
    let called = called == instance ? nil : called
    let reason = isSubagent || purpose.isEmpty ? nil : purpose
    return [called, role == instance ? nil : "\(role) \(instance)", reason, project]
      .compactMap(\.self).joined(separator: " · ")
  }

  /// What a sub-agent was started for, without the words that every such call begins with.
  package static func task(in purpose: String) -> String {
    guard purpose.hasPrefix("Sub-agent"), let colon = purpose.firstRange(of: ": ") else {
      return purpose
    }
    return String(purpose[colon.upperBound...])
  }

  private var folder: String? {
    project.flatMap(ProjectFolder.name)
  }
}

extension WorkerName {
  /// The fewest characters of an instance that are a mark.
  private static let shortestMark = 4

  /// The same names, with a mark where workers of different instances are called alike: the
  /// beginning of what their instances end in, which is most often the session's id.
  package static func toldApart<Key>(_ names: [Key: WorkerName]) -> [Key: WorkerName] {
    var instances: [String: Set<String>] = [:]
    for name in names.values { instances[name.called, default: []].insert(name.instance) }
    var marks: [String: [String: String]] = [:]
    for (called, alike) in instances where alike.count > 1 { marks[called] = Self.marks(alike) }
    return names.mapValues { name in
      var name = name
      name.mark = marks[name.called]?[name.instance] ?? ""
      return name
    }
  }

  private static func marks(_ instances: Set<String>) -> [String: String] {
    let ends = instances.map { ($0, $0.split { "-/".contains($0) }.last.map(String.init) ?? $0) }
    for length in stride(from: shortestMark, through: 12, by: 2) {
      let marks = ends.map { ($0.0, String($0.1.prefix(length))) }
      if Set(marks.map(\.1)).count == marks.count { return Dictionary(uniqueKeysWithValues: marks) }
    }
    return Dictionary(uniqueKeysWithValues: instances.map { ($0, $0) })
  }
}

/// The names of the workers that some events are of.
package struct WorkerNames: Sendable {
  /// By their runs.
  private let names: [Int64: WorkerName]

  package init(_ names: [Int64: WorkerName] = [:]) { self.names = WorkerName.toldApart(names) }

  /// The same beside workers, which are told apart from them.
  package func with(_ workers: [Worker]) -> WorkerNames {
    var names = names
    for worker in workers { names[worker.run.id] = worker.name }
    return WorkerNames(names)
  }

  package subscript(worker: Worker) -> WorkerName { names[worker.run.id] ?? worker.name }

  package subscript(event: StoredEvent) -> WorkerName {
    if let name = names[event.runID], name.instance == event.instanceID { return name }
    return WorkerName(instance: event.instanceID, role: event.role)
  }
}

extension WorkerNames {
  package func map(_ change: (WorkerName) -> WorkerName) -> WorkerNames {
    WorkerNames(names.mapValues(change))
  }
}

extension SessionDetail {
  /// What the worker is called whose session it is; nil where no run of it is known.
  package var worker: WorkerName? {
    runs.first.map {
      WorkerName(
        instance: $0.instanceID, role: $0.role, project: session.project,
        purpose: $0.parentID == nil ? "" : $0.summary)
    }
  }
}

extension Worker {
  package var name: WorkerName {
    WorkerName(
      instance: run.instanceID, role: run.role, project: project, purpose: run.summary)
  }

  /// What it is about, where that is known and not its name: what its session is called, else what it
  /// was started for.
  package var subject: String? {
    let subject = title?.withoutMarkup ?? run.summary.withoutMarkup
    return subject == name.short || run.role == "subagent" ? nil : subject
  }
}
