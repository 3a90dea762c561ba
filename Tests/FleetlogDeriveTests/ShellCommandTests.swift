import Testing

@testable import FleetlogDerive

@Suite("A shell script's commands")
struct ShellCommandTests {
  @Test(
    "are told apart without running anything",
    arguments: [
      ("git add -A && git push", [["git", "add", "-A"], ["git", "push"]]),
      ("cd app; npm test | tail -5", [["cd", "app"], ["npm", "test"], ["tail", "-5"]]),
      ("echo 'git push' \"a && b\"", [["echo", "git push", "a && b"]]),
      ("cat > a <<'EOF'\ngit push\nEOF\nls", [["cat", ">", "a"], ["ls"]]),
      ("A=1 sudo rm -rf x # git push", [["rm", "-rf", "x"]]),
      ("timeout -k 5 60 make test 2>&1", [["make", "test", "2>&1"]]),
      (
        "git commit -m \"two\nlines\" && git push",
        [["git", "commit", "-m", "two\nlines"], ["git", "push"]]
      ),
      ("(cd a && make)\\\n -j2", [["cd", "a"], ["make"], ["-j2"]]),
      ("", []), ("'", []),
    ] as [(String, [[String]])])
  func commands(_ script: String, _ expected: [[String]]) {
    let commands = ShellCommand(script).commands.filter { $0 != [""] }
    #expect(commands == expected)
  }
}

@Suite("What can't be undone")
struct RiskTests {
  @Test(
    "is told from everyday work",
    arguments: [
      ("git push --force origin main", true), ("git push --force-with-lease", true),
      ("git push origin +main", true), ("git push origin main", false),
      ("git push --force --dry-run", false), ("git push origin --delete topic", true),
      ("git reset --hard HEAD~1", true), ("git reset HEAD a", false),
      ("git clean -fdx", true), ("git clean -n", false),
      ("rm -rf build node_modules", false), ("rm -rf /home/ada/shop/dist", false),
      ("rm -rf /tmp/x", false), ("rm -rf /home/ada", true), ("rm -rf ~/work", true),
      ("rm -rf ../../other", true), ("rm -r -f /", true), ("rm /etc/hosts.bak", false),
      ("psql -c 'DROP TABLE orders'", true), ("psql -c 'SELECT 1'", false),
      ("echo 'DROP TABLE orders'", false), ("terraform destroy -auto-approve", true),
      ("git commit --no-verify -m x", true), ("grep -rf patterns /etc", false),
    ])
  func risk(_ script: String, _ isRisky: Bool) {
    #expect((Risk.worst(in: script, cwd: "/home/ada/shop") != nil) == isRisky)
  }
}

@Suite("A text that ends in a question")
struct QuestionTests {
  @Test(
    "waits for an answer, unless it only offers more help",
    arguments: [
      ("Done. Shall I push it?", "Shall I push it?"),
      ("Two ways:\n1. a\n2. b\n\n**Which one do you prefer?**", "Which one do you prefer?"),
      ("Why did it fail? Because the key was gone.", nil),
      ("All done! Is there anything else I can help with?", nil),
      ("", nil), ("Done.", nil), ("どちらにしますか？", "どちらにしますか？"),
    ] as [(String, String?)])
  func question(_ text: String, _ expected: String?) {
    #expect(Question.asked(in: text) == expected)
  }
}

@Suite("What a push printed")
struct PushOutputTests {
  @Test(
    "names what was updated, if anything was",
    arguments: [
      ("   1a2b3c4..5d6e7f8  main -> main", "5d6e7f8 main"),
      (" + 1a2b3c4...5d6e7f8 main -> main (forced update)", "5d6e7f8 main"),
      (" * [new branch]      topic -> topic", "- topic"),
      (" ! [rejected]        main -> main (fetch first)", ""),
      ("   1a2b3c4..5d6e7f8  main -> origin/main", ""),
      ("Everything up-to-date", ""), ("a -> b", ""),
    ])
  func updates(_ output: String, _ expected: String) {
    let words = PushOutput(output).updates.map { "\($0.commit ?? "-") \($0.branch)" }
    #expect(words.joined(separator: ",") == expected)
  }
}
