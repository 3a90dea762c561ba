import FleetlogClient
import Foundation

/// The unit in the user's folder of units.
struct InstalledService {
  let path: String
  /// What enabling the unit makes, and enabling that of the package, which stands elsewhere.
  private let link: String
  /// The program that a unit starts: `fleetlog` beside this one.
  let program: String
  let manager: UserManager

  init(environment: [String: String]) {
    let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
    let settings =
      environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
    usualDatabase = home + "/.local/share/fleetlog/fleetlog.db"
    path = settings + "/systemd/user/" + ServiceUnit.name
    link = settings + "/systemd/user/default.target.wants/" + ServiceUnit.name
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = (own as NSString).deletingLastPathComponent + "/fleetlog"
    program = access(beside, X_OK) == 0 ? beside : own
    manager = UserManager(environment: environment)
  }

  /// The log of a service that is told of none.
  let usualDatabase: String

  /// Whether a unit of ours stands there.
  ///
  /// - Throws: that one stands there which somebody else wrote.
  var isInstalled: Bool {
    get throws(Failure) { try file(FileEdit(path)) != nil }
  }

  /// Whether a unit of this name is started at login, wherever it stands.
  var isEnabled: Bool { (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil }

  func write(_ text: String) throws(Failure) {
    let edit = try FileEdit(path)
    _ = try file(edit)
    try edit.replace(with: Array(text.utf8))
  }

  func remove() throws(Failure) { try FileEdit(path).remove() }

  private func file(_ edit: FileEdit) throws(Failure) -> [UInt8]? {
    guard let content = edit.content else { return nil }
    guard content.starts(with: ServiceUnit.mark.utf8) else {
      throw Failure(
        "won't touch \(path), which fleetlog did not write: move it away, or mend it by hand")
    }
    return content
  }
}
