package import FleetlogEvents

/// A format of which records may also stand among other lines of a log: ``LogFormat`` has the format
/// itself read these.
package protocol GuestFormat: TranscriptFormat {
  /// Whether a record can only be one of the format's.
  static func isMark(_ value: JSONValue) -> Bool

  /// Whether a record may be one, where others have shown that they are about.
  static func mayBeOne(_ value: JSONValue) -> Bool
}

extension GuestFormat {
  package static func mayBeOne(_ value: JSONValue) -> Bool { isMark(value) }

  package static func recognises(_ sample: FormatSample) -> Bool { isAlone(in: sample) }

  /// Whether its records stand in a file and nothing tells that others do.
  static func isAlone(in sample: FormatSample) -> Bool {
    !sample.hasProse && !GuestFormats.areSeveral(in: sample)
      && sample.objects.contains(where: isMark)
  }
}

enum GuestFormats {
  static let all: [any GuestFormat.Type] = [
    ClaudeStreamFormat.self, CodexExecFormat.self, ForgeWorkerFormat.self, EventLogFormat.self,
  ]

  /// Whether records of more than one of them stand together, which is a log's work to tell apart.
  static func areSeveral(in sample: FormatSample) -> Bool {
    all.count { guest in sample.objects.contains { guest.isMark($0) } } > 1
  }

  /// The name of the format that a record belongs to.
  static func host(of value: JSONValue, among known: some Collection<String>) -> String? {
    all.first { $0.isMark(value) || (known.contains($0.name) && $0.mayBeOne(value)) }?.name
  }
}
