import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Where a repository stands")
struct GitHeadTests {
  private func with(_ body: (GitRepository) throws -> Void) throws {
    try TemporaryFolder.with { folder in
      try folder.makeFolder("repo/src/deep")
      let repository = try GitRepository(TemporaryFolder(path: folder.path("repo")))
      try repository.folder.write("a.txt", "one\n")
      try body(repository)
    }
  }

  private func read(_ repository: GitRepository, _ name: String = "") -> GitHead? {
    GitHead.read(name.isEmpty ? repository.folder.path.text : repository.folder.path(name).text)
  }

  @Test("is read of a branch, loose and packed, and of a folder below")
  func branch() throws {
    try with { repository in
      let commit = try repository.commit()
      let expected = GitHead(commit: commit, branch: "main", root: repository.folder.path.text)
      #expect(read(repository) == expected)
      #expect(read(repository, "src/deep") == expected)
      try repository.git("pack-refs", "--all")
      #expect(read(repository) == expected)
      try repository.git("checkout", "-q", "-b", "fix/the-import")
      #expect(read(repository)?.branch == "fix/the-import")
    }
  }

  @Test("is read of a commit that no branch names")
  func detached() throws {
    try with { repository in
      let first = try repository.commit()
      try repository.folder.write("a.txt", "two\n")
      try repository.commit()
      try repository.git("checkout", "-q", "--detach", first)
      #expect(read(repository)?.commit == first)
      #expect(read(repository)?.branch == nil)
    }
  }

  @Test("is read of a further working tree, whose files lie elsewhere")
  func worktree() throws {
    try with { repository in
      let first = try repository.commit()
      let tree = repository.folder.path.text + "-tree"
      try repository.git("worktree", "add", "-q", "-b", "side", tree)
      #expect(GitHead.read(tree) == GitHead(commit: first, branch: "side", root: tree))
      try Data("two\n".utf8).write(to: URL(fileURLWithPath: tree + "/b.txt"))
      try repository.git("add", "-A", in: tree)
      try repository.git("commit", "-q", "-m", "b", in: tree)
      #expect(try GitHead.read(tree)?.commit == repository.git("rev-parse", "side"))
      #expect(GitHead.read(repository.folder.path.text)?.commit == first)
    }
  }

  @Test("is read of one that names its commits by SHA-256")
  func sha256() throws {
    try TemporaryFolder.with { folder in
      let repository = try GitRepository(folder, format: "sha256")
      try folder.write("a.txt", "one\n")
      let commit = try repository.commit()
      #expect(commit.utf8.count == 64)
      #expect(GitHead.read(folder.path.text)?.commit == commit)
    }
  }

  @Test("is nothing before the first commit, and where there is no repository")
  func none() throws {
    try with { repository in
      #expect(read(repository) == nil)
      #expect(GitHead.read("relative/path") == nil)
      #expect(GitHead.read("/no/such/folder") == nil)
      #expect(GitHead.read("/etc/../tmp") == nil)
      #expect(GitHead.read("/\0") == nil)
    }
  }

  @Test(
    "is nothing where the repository's files are not what they should be",
    arguments: [
      "ref: ../../../secret", "ref: refs/heads/../../../secret", "ref: refs//heads/main",
      "ref: refs/heads/loop", "0123456", "", "ref: /etc/passwd", "gitdir: /", "\0\0\0",
    ])
  func hostileHead(head: String) throws {
    try with { repository in
      try repository.commit()
      try repository.folder.write("secret", String(repeating: "a", count: 40) + "\n")
      try repository.folder.write(".git/refs/heads/loop", "ref: refs/heads/loop\n")
      try repository.folder.write(".git/HEAD", head + "\n")
      #expect(read(repository) == nil)
    }
  }

  @Test("waits for nothing, follows no link and reads nothing of any size")
  func hostileFiles() throws {
    try with { repository in
      let commit = try repository.commit()
      try repository.folder.write("secret", String(repeating: "a", count: 40) + "\n")
      try repository.folder.remove(".git/HEAD")
      try repository.folder.makeLink(".git/HEAD", to: repository.folder.path("secret").text)
      #expect(read(repository) == nil)
      try repository.folder.remove(".git/HEAD")
      try repository.folder.makeFIFO(".git/HEAD")
      #expect(read(repository) == nil)
      try repository.folder.remove(".git/HEAD")
      try repository.folder.write(".git/HEAD", "\(commit)\n")
      #expect(read(repository)?.commit == commit)
      try repository.folder.truncate(".git/HEAD", to: 1 << 40)
      #expect(read(repository) == nil)
    }
  }
}
