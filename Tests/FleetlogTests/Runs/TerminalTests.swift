import FleetlogTestSupport
import Foundation
import Testing

/// The program at a terminal, which Python plays.
@Suite("fleetlog run at a terminal")
struct TerminalTests {
  /// Starts a command in a terminal of 30 by 101, types or makes it 40 by 120 when it has said it is
  /// ready, and prints what was shown, the status and whether the terminal is as it was.
  private static let player = #"""
    import os, pty, sys, termios, fcntl, struct, select, time
    typed = sys.argv[1].encode().decode('unicode_escape').encode()
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 101, 0, 0))
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3): os.dup2(slave, fd)
        os.execvp(sys.argv[2], sys.argv[2:])
    shown, has_acted, end = b'', False, time.time() + 60
    while time.time() < end:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready: shown += os.read(master, 65536)
        if not has_acted and b'ready' in shown:
            has_acted = True
            if typed == b'resize':
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
            elif typed: os.write(master, typed)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            while select.select([master], [], [], 0.05)[0]: shown += os.read(master, 65536)
            break
    sys.stdout.write(shown.decode(errors='replace').replace('\r\n', '\n'))
    print('status', os.waitstatus_to_exitcode(status))
    print('terminal', 'as before' if termios.tcgetattr(slave) == before else 'changed')
    """#

  private func play(
    _ launching: Launching, typing keys: String = "", _ command: String
  ) throws -> String {
    try launching.folder.write("player.py", Array(Self.player.utf8))
    let quoted = command.replacingOccurrences(of: "'", with: "'\\''")
    return try launching.shell("python3 player.py '\(keys)' sh -c '\(quoted)'").text
  }

  @Test("the command finds a terminal of the same size in all three, and leaves it as it was")
  func isTerminal() throws {
    try Launching.with { launching in
      let shown = try play(
        launching,
        "exec fleetlog run -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size; exit 6'")
      #expect(shown.contains("30 101\n"))
      #expect(shown.contains("status 6\nterminal as before"))
    }
  }

  @Test("a command that is not there asks for nobody where it was typed, inside a run it does")
  func mistyped() throws {
    try Launching.with { launching in
      func asking() throws -> [String?] {
        _ = try launching.shell("mkdir -p none && fleetlog ingest none")
        return try launching.events("--attention").map { $0.text("summary") }
      }
      let shown = try play(launching, "exec fleetlog run -- /nowhere/program")
      #expect(shown.contains("can't be started") && shown.contains("status 127"), "\(shown)")
      #expect(try asking().isEmpty)
      let workers = try launching.shell("fleetlog workers --all").text
      #expect(workers.contains("could not be started") && !workers.contains("failed"), "\(workers)")
      _ = try play(launching, "fleetlog run -- sh -c \"fleetlog run -- /nowhere/other; true\"")
      #expect(try asking() == ["“/nowhere/other” ended with status 127"])
    }
  }

  @Test("errors that go elsewhere stay apart")
  func errors() throws {
    try Launching.with { launching in
      let shown = try play(
        launching, "exec fleetlog run -- sh -c 'echo shown; echo kept >&2' 2> errors.txt")
      #expect(shown.hasPrefix("shown\n"))
      #expect(!shown.contains("kept"))
      #expect(try launching.wait(for: "errors.txt") == "kept")
    }
  }

  @Test("keys reach the command, and Ctrl-C once", arguments: [true, false])
  func interrupt(hasInput: Bool) throws {
    try Launching.with { launching in
      let input = hasInput ? "" : " < /dev/null"
      let shown = try play(
        launching, typing: "\\x03",
        """
        exec fleetlog run -- sh -c '
          trap "echo got it; sleep 0.3; exit 8" INT
          echo ready
          while :; do sleep 0.05; done'\(input)
        """)
      #expect(shown.components(separatedBy: "got it").count == 2, "\(shown)")
      #expect(shown.contains("status 8\nterminal as before"), "\(shown)")
    }
  }

  @Test("a window that changes its size is told to the command")
  func resize() throws {
    try Launching.with { launching in
      let shown = try play(
        launching, typing: "resize",
        """
        exec fleetlog run -- sh -c '
          trap "stty size; exit 5" WINCH
          echo ready
          while :; do sleep 0.05; done'
        """)
      #expect(shown.contains("40 120\n"), "\(shown)")
      #expect(shown.contains("status 5\nterminal as before"), "\(shown)")
    }
  }

  @Test("what is typed is read by the command as without us")
  func keys() throws {
    try Launching.with { launching in
      let shown = try play(
        launching, typing: "hello\\r",
        "exec fleetlog run -- sh -c 'echo ready; read line; echo read $line'")
      #expect(shown.contains("read hello\n"), "\(shown)")
      #expect(shown.contains("status 0\nterminal as before"))
    }
  }
}
