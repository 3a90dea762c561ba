import FleetlogEvents

/// The text of the systemd unit that keeps `fleetlog serve` running, with every right taken away
/// that it can do without: it reads the home folder, writes its own data and talks to this machine.
struct ServiceUnit {
  enum Scope {
    /// A unit of the user's own manager.
    case user
    /// A template of the system's manager, `fleetlog@USER`.
    case system
  }

  static let name = "fleetlog.service"
  /// Stands in each unit that was written by the verb: others are left alone.
  static let mark = "# Written by fleetlog service install; changes belong into a drop-in."

  let scope: Scope
  /// The program and its arguments.
  var command: [String]
  /// Folders besides the log's own that are written to, such as one named by `--db`.
  var writable: [String] = []

  /// - Throws: an argument that no unit can hold.
  func text() throws(Failure) -> String {
    var line: [String] = []
    for word in command { line.append(try Self.quoted(word)) }
    // In the system's manager, %h is root's home folder.
    let home = scope == .system ? "/home/%i" : "%h"
    var folders = ["-\(home)/.local/share/fleetlog"]
    for folder in writable { folders.append(try Self.quoted("-" + folder)) }
    let start = """
      \(Self.mark)
      [Unit]
      Description=Fleetlog, the event log of coding agents
      Documentation=man:fleetlog(1)

      [Service]
      ExecStart=\(line.joined(separator: " "))
      Restart=on-failure
      RestartSec=2
      TimeoutStopSec=10
      KillMode=mixed

      # What it may see and change: the home folder to read, its own data to write.
      ProtectSystem=strict
      ProtectHome=read-only
      ReadWritePaths=\(folders.joined(separator: " "))

      """
    return start + Self.hardening + (scope == .system ? Self.systemOnly : "") + """

      [Install]
      WantedBy=\(scope == .system ? "multi-user.target" : "default.target")

      """
  }

  private static let hardening = """
    PrivateTmp=yes
    PrivateDevices=yes
    PrivateUsers=yes
    ProtectProc=invisible
    ProtectClock=yes
    ProtectHostname=yes
    ProtectControlGroups=yes
    ProtectKernelLogs=yes
    ProtectKernelModules=yes
    ProtectKernelTunables=yes
    UMask=0077

    # What it may do: no new rights, no code made at run time, the calls of ordinary services.
    NoNewPrivileges=yes
    CapabilityBoundingSet=
    AmbientCapabilities=
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    SystemCallFilter=~@privileged @resources
    SystemCallFilter=sched_setscheduler setpriority prlimit64
    SystemCallErrorNumber=EPERM

    # What it may take.
    MemoryHigh=768M
    MemoryMax=1G
    TasksMax=128
    LimitNOFILE=8192

    """

  /// Loopback and nothing else; what the user's manager may not ask of the kernel.
  private static let systemOnly = """
    User=%i
    IPAddressDeny=any
    IPAddressAllow=localhost
    RemoveIPC=yes
    DevicePolicy=closed

    """

  /// A word of a command line as systemd reads it: quotes, backslashes, specifiers and variables
  /// mean themselves.
  private static func quoted(_ word: String) throws(Failure) -> String {
    guard !word.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw Failure(
        "can't write a unit with a control character in “\(Terminal.safe(word))”: rename what it names"
      )
    }
    let escaped = word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("$", with: "$$").replacing("%", with: "%%")
    return word.isEmpty || escaped.contains(where: { " '\";".contains($0) })
      ? "\"\(escaped)\"" : escaped
  }
}
