import FleetlogEvents
import Glibc

/// The same view for a shell: what gives these very events again.
struct CopyAs: TemplateContext {
  let filter: EventFilter
  /// The log's file.
  let database: String
  /// `http://` and the host that the page was asked of; nil where that is not known.
  let origin: String?
  /// The file with the token that who asks there must show, where one is asked for.
  var tokenFile: String?

  static let slots: [Slot<CopyAs>] = [
    .text("jsonURL") { $0.twin.description },
    .text("curl", \.curl),
    .text("command", \.command),
  ]

  /// With the cursor: these events, not those of the first page.
  private var parameters: [(name: String, value: String)] {
    filter.parameters + (filter.after.map { [("after", $0.description)] } ?? [])
  }

  private var twin: Location { Location("events", query: parameters).twin }

  /// The token is read where the command runs: it stands in no page.
  var curl: String {
    let token =
      tokenFile.map {
        "-H \"Authorization: Bearer $(fleetlog token --token-file \(Self.quoted($0)))\" "
      } ?? ""
    return "curl -s " + token + Self.quoted((origin ?? "http://127.0.0.1:7450") + twin.description)
  }

  var command: String {
    var words = ["fleetlog", "events", "--db", Self.resolved(database)]
    for (name, value) in parameters {
      words.append("--" + name.replacing("_", with: "-"))
      // What is on or off takes no value.
      if !["attention", "action_required", "risk"].contains(name) { words.append(value) }
    }
    return words.map(Self.quoted).joined(separator: " ")
  }

  /// The file as it is found from any folder.
  static func resolved(_ database: String) -> String {
    let path = realpath(database, nil).map { resolved in
      defer { free(resolved) }
      return String(cString: resolved)
    }
    return path ?? database
  }

  /// A word as a shell of the POSIX kind reads it back.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      byte >= 0x30 && byte <= 0x39 || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
        || "-_./:@%+,".utf8.contains(byte)
    }
    if isPlain, !word.isEmpty { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
