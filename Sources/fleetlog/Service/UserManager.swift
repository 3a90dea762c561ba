import FleetlogWeb
import Foundation

/// The user's own systemd, asked by `systemctl --user`.
struct UserManager {
  private let program: String?
  private let environment: [String]

  /// ms.
  private static let deadline: Int64 = 30_000

  init(environment: [String: String]) {
    program = (environment["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
      .map { $0 + "/systemctl" }.first { access($0, X_OK) == 0 }
    self.environment = ["PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LANG"]
      .compactMap { name in environment[name].map { "\(name)=\($0)" } }
  }

  /// What it printed.
  ///
  /// - Throws: why it can't be asked or would not do it, and what then to do.
  @discardableResult
  func ask(_ words: String...) throws(Failure) -> String {
    guard let program else {
      throw Failure(
        "can't ask systemd: there is no systemctl on this machine; start fleetlog serve by what "
          + "starts your programs here")
    }
    do throws(ChildOutput.Failure) {
      let output = try ChildOutput(
        program: program, arguments: ["--user"] + words, environment: environment,
        deadline: Self.deadline, limit: 64 << 10
      ).run()
      return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      var why = "\(error)"
      if case .status(let status, let said) = error {
        why = said.isEmpty ? "status \(status)" : said
      }
      throw Failure(
        "systemctl --user \(words.joined(separator: " ")) did not work (\(Terminal.safe(why))): run "
          + "it in a session of your own, in which XDG_RUNTIME_DIR is set")
    }
  }
}
