import FleetlogEvents

/// The transcript formats that Fleetlog reads. A new one is a file in `Formats` and a line here.
package enum FormatCatalogue {
  /// In the order in which they are asked; those with the surest marks first.
  package static let formats: [any TranscriptFormat.Type] = [
    CaptureFormat.self,
    HookFormat.self,
    ClaudeStreamFormat.self,
    ClaudeFormat.self,
    CodexFormat.self,
    CodexExecFormat.self,
    GeminiFormat.self,
    OpenCodeFormat.self,
    EventLogFormat.self,
    WorkRailFormat.self,
    WorkRailManifestFormat.self,
    WorkRailDaemonFormat.self,
    ForgeFormat.self,
    ForgeWorkerFormat.self,
    LogFormat.self,
  ]

  /// How many of a file's first lines are enough to tell its format.
  package static let sampleLines = 20

  /// The format of a file by its first lines.
  ///
  /// - Returns: nil where no format knows them, which may change as the file grows.
  package static func detect(_ sample: FormatSample) -> (any TranscriptFormat.Type)? {
    formats.first { $0.recognises(sample) }
  }

  /// The format of a name that was stored when a file was first read.
  package static func format(named name: String) -> (any TranscriptFormat.Type)? {
    formats.first { $0.name == name }
  }

  /// A sample of the first complete lines of a file.
  package static func sample(path: String, lines: [[UInt8]]) -> FormatSample {
    let lines = lines.filter { !$0.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
      .prefix(sampleLines)
    let values = lines.map { try? JSONDocument($0).root }
    let hasProse = zip(lines, values).contains { line, value in
      value == nil && line.first { ![0x00, 0x09, 0x20].contains($0) }.map { $0 != 0x7B } == true
    }
    return FormatSample(
      path: path, lines: values, isText: LogDecoder.isText(lines.joined()), hasProse: hasProse)
  }
}
