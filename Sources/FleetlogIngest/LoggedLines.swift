package import FleetlogEvents

/// Events as they were handed over, read as a file of such lines would be.
package struct LoggedLines: Sendable {
  /// For each line that can be written, in their order.
  package private(set) var drafts: [[EventDraft]] = []
  /// For each line, why it can't be written; nil where it can.
  private var problems: [LogAnswer?] = []

  package static let nothing = LogAnswer.refused(
    code: "nothing", reason: "the line came to nothing", id: nil)

  /// - Parameter time: when they came, in ms since the Unix epoch.
  package init(_ events: [[UInt8]], receivedAt time: Int64, cap: TextCap) {
    var format = EventLogFormat(receivedAt: time, cap: cap)
    for bytes in events {
      var output = FormatOutput()
      let number = Int.random(in: 0..<1 << 53)
      format.read(RawLine(offset: 0, bytes: bytes, number: number), into: &output)
      if output.drafts.isEmpty {
        let reason = output.problems.first?.reason ?? "the line came to nothing"
        problems.append(.refused(code: "bad_json", reason: reason, id: nil))
      } else {
        problems.append(nil)
        drafts.append(output.drafts)
      }
    }
  }

  /// An answer for every line, from those to the ones that were written.
  package func answers(_ written: [LogAnswer]) -> [LogAnswer] {
    var rest = written[...]
    return problems.map { $0 ?? rest.popFirst() ?? Self.nothing }
  }
}
