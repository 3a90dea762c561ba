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

  package init(instance: String, role: String, project: String? = nil, purpose: String = "") {
    self.instance = instance
    self.role = role
    self.project = project
    self.purpose = purpose
  }

  private var isSubagent: Bool { role == "subagent" }

  package var short: String {
    if isSubagent { return purpose.isEmpty ? instance : Self.task(in: purpose) }
    return folder ?? instance
  }

  /// Tells it from every other, as a line of facts.
  package var full: String {
    let called = short == instance ? nil : short
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
    project.flatMap { $0.split(separator: "/").last.map(String.init) }
  }
}

/// The names of the workers that some events are of.
package struct WorkerNames: Sendable {
  /// By their runs.
  private let names: [Int64: WorkerName]

  package init(_ names: [Int64: WorkerName] = [:]) { self.names = names }

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
    let subject = title ?? (run.summary.isEmpty ? nil : run.summary)
    return subject == name.short || run.role == "subagent" ? nil : subject
  }
}
