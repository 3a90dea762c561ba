/// What git counts between two commits of a repository: `git diff --stat` in figures.
package struct DiffSummary: Sendable, Equatable {
  package struct File: Sendable, Equatable {
    package let path: String
    /// Lines; nil where the file is no text.
    package let added: Int?
    package let removed: Int?

    package init(path: String, added: Int?, removed: Int?) {
      self.path = path
      self.added = added
      self.removed = removed
    }
  }

  package let files: [File]

  package init(files: [File]) { self.files = files }

  package var linesAdded: Int { files.reduce(0) { $0 + ($1.added ?? 0) } }
  package var linesRemoved: Int { files.reduce(0) { $0 + ($1.removed ?? 0) } }
}

/// What came of comparing two commits.
package enum DiffOutcome: Sendable, Equatable {
  case summary(DiffSummary)
  /// There is nothing to compare with: why, as a sentence.
  case absent(String)
  /// Comparing did not come to an end: why, as a sentence.
  case failed(String)
}

/// Compares two commits of the repository that a folder belongs to.
package protocol DiffCounting: Sendable {
  func count(in folder: String, from first: String, to last: String) -> DiffOutcome
}
