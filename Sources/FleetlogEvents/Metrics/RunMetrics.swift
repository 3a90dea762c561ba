/// What a run's events tell about what it came to, in two grades that are never mixed: what the
/// agent reported, and what was observed. The row that the projection `run_metrics` keeps.
package struct RunMetrics: Sendable, Equatable {
  /// A commit that was observed, and the event that says so.
  package struct Head: Sendable, Equatable {
    package let commit: String
    package let mark: WorkerFacts.Mark

    package init(commit: String, mark: WorkerFacts.Mark) {
      self.commit = commit
      self.mark = mark
    }
  }

  /// What git counted between two commits.
  package struct Difference: Sendable, Equatable {
    package let filesChanged: Int
    package let linesAdded: Int
    package let linesRemoved: Int
    package let mark: WorkerFacts.Mark

    package init(
      filesChanged: Int, linesAdded: Int, linesRemoved: Int, mark: WorkerFacts.Mark
    ) {
      self.filesChanged = filesChanged
      self.linesAdded = linesAdded
      self.linesRemoved = linesRemoved
      self.mark = mark
    }
  }

  /// What the agent says of itself: advisory.
  package var reported: [MetricField: ReportedMetric] = [:]
  /// The last event that held a nested object of metrics, which was passed over.
  package var nested: WorkerFacts.Mark?

  /// How long the run was at work, in ms: see `MetricsReducer`.
  package var active: Int64 = 0
  package var head: Head?
  package var headEnd: Head?
  /// The folder of the repository, or the one in which the run works.
  package var folder: String?
  package var difference: Difference?

  package init() {}
}

/// A file, commit or pull request that a run's tools show.
package struct RunTrace: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case read, written, commit
    case pullRequest = "pull_request"
  }

  package let kind: Kind
  /// A path, the name of a commit, or a URL.
  package let subject: String
  package let evidence: Evidence

  package init(_ kind: Kind, _ subject: String, _ evidence: Evidence) {
    self.kind = kind
    self.subject = subject
    self.evidence = evidence
  }
}

// As text, for the projection.
extension RunMetrics {
  package var json: JSONObject {
    var object = JSONObject()
    if !reported.isEmpty {
      var fields = JSONObject()
      for field in MetricField.allCases {
        guard let report = reported[field] else { continue }
        var entry = report.mark.json
        entry.set("value", json: report.value?.json ?? "null")
        fields.set(field.rawValue, entry)
      }
      object.set("reported", fields)
    }
    object.set("nested", nested?.json)
    object.set("active", active)
    object.set("head", head?.json)
    object.set("head_end", headEnd?.json)
    object.set("folder", folder)
    if let difference {
      var entry = difference.mark.json
      entry.set("files", difference.filesChanged)
      entry.set("added", difference.linesAdded)
      entry.set("removed", difference.linesRemoved)
      object.set("difference", entry)
    }
    return object
  }

  /// - Returns: nil for text that another version wrote.
  package init?(json text: String) {
    guard let root = try? JSONDocument(text).root, let active = root["active"]?.int else {
      return nil
    }
    self.active = Int64(active)
    for (name, value) in root["reported"]?.members ?? [] {
      guard let field = MetricField(rawValue: name), let mark = WorkerFacts.Mark(value) else {
        continue
      }
      reported[field] = ReportedMetric(
        value: value["value"].flatMap { MetricValue(field, $0) }, mark: mark)
    }
    nested = root["nested"].flatMap { WorkerFacts.Mark($0) }
    head = root["head"].flatMap { Head($0) }
    headEnd = root["head_end"].flatMap { Head($0) }
    folder = root["folder"]?.string
    if let entry = root["difference"], let mark = WorkerFacts.Mark(entry),
      let files = entry["files"]?.int, let added = entry["added"]?.int,
      let removed = entry["removed"]?.int
    {
      difference = Difference(
        filesChanged: files, linesAdded: added, linesRemoved: removed, mark: mark)
    }
  }
}

extension RunMetrics.Head {
  fileprivate var json: JSONObject {
    var object = mark.json
    object.set("commit", commit)
    return object
  }

  fileprivate init?(_ value: JSONValue) {
    guard let mark = WorkerFacts.Mark(value), let commit = value["commit"]?.string else {
      return nil
    }
    self.init(commit: commit, mark: mark)
  }
}
