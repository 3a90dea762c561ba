import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("What changed between two commits", .timeLimit(.minutes(10)))
struct GitCounterTests {
  private static let path = ProcessInfo.processInfo.environment["PATH"] ?? ""

  private func with(_ body: (GitRepository, String) throws -> Void) throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("repo")
      let repository = try GitRepository(TemporaryFolder(path: folder.path("repo")))
      try repository.folder.write("kept.txt", "1\n2\n3\n4\n5\n6\n7\n8\n")
      try repository.folder.write("gone.txt", "1\n2\n")
      try repository.folder.write("moved.txt", (1...40).map { "line \($0)\n" }.joined())
      try body(repository, try repository.commit())
    }
  }

  /// Changes of every kind: 5 files, 6 lines more, 4 less.
  private func change(_ repository: GitRepository) throws -> String {
    try repository.folder.write("kept.txt", "1\n2\nthree\nand more\n4\n5\n6\n7\n8\n")
    try repository.folder.remove("gone.txt")
    try repository.folder.move("moved.txt", to: "renamed.txt")
    try repository.folder.append("renamed.txt", "line 41\n")
    try repository.folder.write("new \u{1F642}\n\"file\".txt", "a\nb\nc\n")
    try repository.folder.write("image.bin", [0, 1, 2, 0, 255])
    return try repository.commit()
  }

  private func count(
    _ repository: GitRepository, _ first: String, _ last: String
  ) -> DiffOutcome {
    GitCounter(path: Self.path).count(in: repository.folder.path.text, from: first, to: last)
  }

  @Test("is what git diff --stat counts, renamed files and those that are no text included")
  func figures() throws {
    try with { repository, first in
      let last = try change(repository)
      guard case .summary(let summary) = count(repository, first, last) else {
        Issue.record("\(count(repository, first, last))")
        return
      }
      let stat = try repository.git("diff", "--shortstat", first, last)
      #expect(stat == "5 files changed, 6 insertions(+), 3 deletions(-)")
      #expect(summary.files.count == 5)
      #expect(summary.linesAdded == 6)
      #expect(summary.linesRemoved == 3)
      let lines = Dictionary(uniqueKeysWithValues: summary.files.map { ($0.path, $0.added) })
      #expect(lines["renamed.txt"] == 1)
      #expect(lines["new \u{1F642}\n\"file\".txt"] == 3)
      #expect(lines["image.bin"] == .some(nil))
    }
  }

  @Test("is not asked where something is missing, and says what")
  func absent() throws {
    try with { repository, first in
      let whole = String(repeating: "a", count: 40)
      for name in ["main", "HEAD", "--output=x", "-h", String(first.prefix(12)), ""] {
        guard case .absent = count(repository, first, name) else {
          Issue.record("\(name) was compared")
          continue
        }
      }
      guard case .failed(let why) = count(repository, first, whole) else {
        Issue.record("a commit that is not there was compared")
        return
      }
      #expect(why.hasPrefix("git says: "))
      let counter = GitCounter(path: Self.path)
      #expect(
        counter.count(in: "/no/such/folder", from: first, to: whole)
          == .absent("The repository is not on this machine."))
      #expect(
        GitCounter(path: "relative:").count(
          in: repository.folder.path.text, from: first, to: whole)
          == .absent("git is not installed."))
    }
  }

  /// Everything by which a repository can have git start a program, each of which leaves a mark.
  private func makeHostile(_ repository: GitRepository, marks: String) throws {
    func script(_ name: String, _ more: String = "") throws -> String {
      try repository.folder.write(
        ".git/\(name)", "#!/bin/sh\ntouch '\(marks)/\(name)'\n\(more)\n")
      try repository.folder.setMode(".git/\(name)", 0o755)
      return repository.folder.path(".git/\(name)").text
    }
    let settings = [
      ("core.fsmonitor", try script("fsmonitor")), ("diff.external", try script("external")),
      ("diff.evil.command", try script("driver")),
      ("diff.evil.textconv", try script("textconv", "cat \"$1\"")),
      ("filter.evil.clean", try script("clean", "cat")),
      ("filter.evil.smudge", try script("smudge", "cat")),
      ("filter.evil.process", try script("process")),
      ("filter.evil.required", "true"), ("core.pager", try script("pager", "cat")),
      ("pager.diff-tree", try script("pager-diff-tree", "cat")),
      ("alias.diff-tree", "!" + (try script("alias"))), ("core.editor", try script("editor")),
      ("core.sshCommand", try script("ssh")), ("core.askPass", try script("askpass")),
      ("credential.helper", try script("credential")), ("gpg.program", try script("gpg")),
      ("log.showSignature", "true"), ("core.gitProxy", try script("proxy")),
      ("core.alternateRefsCommand", try script("alternates")),
      ("gc.auto", "1"), ("protocol.allow", "always"),
      ("protocol.ext.allow", "always"),
      ("remote.origin.url", "ext::sh -c touch% '\(marks)/promisor'"),
      ("remote.origin.promisor", "true"), ("extensions.partialClone", "origin"),
      ("submodule.recurse", "true"), ("diff.submodule", "log"),
    ]
    for (name, value) in settings { try repository.git("config", name, value) }
    try repository.git("config", "core.repositoryFormatVersion", "1")
    try repository.folder.makeFolder(".git/hooks")
    for hook in [
      "post-checkout", "post-index-change", "pre-commit", "reference-transaction", "post-commit",
      "fsmonitor-watchman",
    ] {
      try repository.folder.write(
        ".git/hooks/\(hook)", "#!/bin/sh\ntouch '\(marks)/hook-\(hook)'\n")
      try repository.folder.setMode(".git/hooks/\(hook)", 0o755)
    }
    try repository.folder.write(".git/info/attributes", "* diff=evil filter=evil\n")
  }

  private func marks(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test("runs nothing of a hostile repository, which has every chance to run something")
  func hostile() throws {
    try with { repository, first in
      let last = try change(repository)
      let place = repository.folder.path.text + "-marks"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      try makeHostile(repository, marks: place)
      guard case .summary(let summary) = count(repository, first, last) else {
        Issue.record("\(count(repository, first, last))")
        return
      }
      #expect(summary.linesAdded == 6)
      #expect(try marks(place) == [])
      // The traps are real: git as a person runs it steps into them.
      try repository.git("diff", first, last, mayFail: true)
      #expect(try marks(place).contains("process"))
      try repository.git("config", "--remove-section", "filter.evil")
      try repository.git("diff", first, last, mayFail: true)
      try repository.git(
        "-c", "diff.external=", "diff", "--no-ext-diff", first, last, mayFail: true)
      try repository.git("status", mayFail: true)
      #expect(try marks(place).contains("driver"))
      #expect(try marks(place).contains("textconv"))
      #expect(try marks(place).contains("fsmonitor"))
    }
  }

  @Test("fetches nothing that a hostile repository lacks, whatever its transport")
  func lacking() throws {
    try with { repository, first in
      let last = try change(repository)
      let place = repository.folder.path.text + "-marks"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      let blob = try repository.git("rev-parse", "\(last):kept.txt")
      try makeHostile(repository, marks: place)
      try repository.folder.remove(".git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))")
      guard case .failed = count(repository, first, last) else {
        Issue.record("what is not there was counted")
        return
      }
      #expect(try marks(place) == [])
      // The trap is real: git as a person runs it fetches, which is to run a program of its choice.
      try repository.git("diff-tree", "-r", "--numstat", first, last, mayFail: true)
      #expect(try marks(place).contains("promisor"))
    }
  }

  /// A program in git's place.
  private func counter(_ repository: GitRepository, _ script: String, deadline: Int64 = 5000)
    throws -> GitCounter
  {
    try repository.folder.makeFolder("bin")
    try repository.folder.write("bin/git", "#!/bin/sh\n\(script)\n")
    try repository.folder.setMode("bin/git", 0o755)
    return GitCounter(path: repository.folder.path("bin").text, deadline: deadline)
  }

  @Test("takes no longer than it may, and leaves no process behind")
  func late() throws {
    try with { repository, first in
      let last = try change(repository)
      let note = repository.folder.path("child").text
      let counter = try counter(
        repository, "sleep 600 & echo $! > '\(note)'; wait", deadline: 500)
      let outcome = counter.count(in: repository.folder.path.text, from: first, to: last)
      #expect(outcome == .failed("git took longer than 0 s."))
      let text = try String(contentsOfFile: note, encoding: .utf8)
      let child = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
      // Ended, or about to be; nobody of its group is left running.
      for _ in 0..<500 where kill(child, 0) == 0 && !isGone(child) { usleep(10_000) }
      #expect(kill(child, 0) != 0 || isGone(child))
    }
  }

  /// A child whose parent is gone stays as a zombie where nobody waits for it.
  private func isGone(_ child: pid_t) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(child)/status", encoding: .utf8)
    return status?.contains("State:\tZ") ?? true
  }

  @Test("takes no more than it may, and no nonsense")
  func tooMuch() throws {
    try with { repository, first in
      let last = try change(repository)
      for (script, why) in [
        ("yes", "Too many files changed to be counted."),
        ("echo hello", "git answered with what are no figures."),
        ("printf '1\\t2\\t\\0old\\0'", "git answered with what are no figures."),
        ("echo broken >&2; exit 3", "git says: broken"),
      ] {
        let counter = try counter(repository, script)
        #expect(
          counter.count(in: repository.folder.path.text, from: first, to: last) == .failed(why))
      }
    }
  }

  @Test("gives git nothing of the environment")
  func environment() throws {
    try with { repository, first in
      let last = try change(repository)
      let note = repository.folder.path("environment").text
      let counter = try counter(
        repository, "env > '\(note)'; ls /proc/self/fd >> '\(note)'; exit 1")
      _ = counter.count(in: repository.folder.path.text, from: first, to: last)
      let lines = try String(contentsOfFile: note, encoding: .utf8).split(separator: "\n")
      let names = Set(lines.compactMap { $0.contains("=") ? $0.prefix { $0 != "=" } : nil })
      #expect(
        names.isSuperset(of: ["GIT_CONFIG_NOSYSTEM", "GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL"]))
      #expect(
        names.subtracting(["PWD", "SHLVL", "_", "OLDPWD"]).allSatisfy {
          $0.hasPrefix("GIT_") || ["PATH", "HOME", "LC_ALL", "SSH_ASKPASS"].contains($0)
        })
    }
  }
}
