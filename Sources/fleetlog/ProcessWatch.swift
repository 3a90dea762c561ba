import FleetlogClient
import FleetlogEvents
import FleetlogStore

/// Notices when the process of a run is gone without anybody having told: `fleetlog run` itself was
/// killed, or an agent. Owned by the thread that writes; asks the system, never waits for it.
///
/// Only processes of this machine's present start are looked at, since the number of another is
/// nobody's here. As long as the log knows of none that may be there, nothing is looked at.
final class ProcessWatch {
  /// ms between two looks.
  static let interval: Int64 = 5000
  private static let most = 4096

  private struct Watched {
    let note: ProcessNote
    let mark: ProcessMark
    /// When it was first found to be gone. What it told last may still be on its way, so that it is
    /// believed only at a second look.
    var isGone = false
  }

  private var watched: [String: Watched] = [:]
  private var knownUpTo: Int64 = 0
  private var hasNews = true
  /// In ms of the monotonic clock.
  private var lookedAt = Int64.min

  /// Tells that events were appended.
  func noteAppended() { hasNews = true }

  /// When there is something to look at next, in ms of the monotonic clock; nil for never.
  var nextLook: Int64? {
    if lookedAt == Int64.min { return 0 }
    return hasNews || !watched.isEmpty ? lookedAt + Self.interval : nil
  }

  /// Looks, if it is time to.
  ///
  /// - Parameters:
  ///   - now: ms since the Unix epoch.
  ///   - moment: ms of the monotonic clock.
  /// - Returns: what is to be written about processes that vanished.
  func look(
    _ writer: EventWriter, now: Int64, moment: Int64
  ) throws(StoreError) -> [EventDraft] {
    guard let next = nextLook, moment >= next else { return [] }
    lookedAt = moment
    try learn(from: writer)
    var drafts: [EventDraft] = []
    for (key, process) in watched {
      switch process.mark.standing {
      case .alive: watched[key]?.isGone = false
      case .elsewhere: watched[key] = nil
      case .gone:
        if try writer.hasEnded(process.note) {
          watched[key] = nil
        } else if process.isGone {
          drafts.append(Self.vanished(process.note, process.mark, now: now))
        } else {
          watched[key]?.isGone = true
        }
      }
    }
    return drafts.sorted { $0.run.key < $1.run.key }
  }

  private func learn(from writer: EventWriter) throws(StoreError) {
    guard hasNews else { return }
    let newest = try writer.lastEventID()
    let notes = try writer.processes(after: knownUpTo, since: ProcessMark.machineStartedAt)
    for note in notes where watched.count < Self.most {
      guard let value = try? JSONDocument(note.mark).root, let mark = ProcessMark(value) else {
        continue
      }
      watched[note.run.key] = Watched(note: note, mark: mark)
    }
    knownUpTo = newest
    hasNews = false
  }

  /// What was seen is an event like any other, so that what is inferred from it is so again
  /// whenever the log is read.
  private static func vanished(
    _ note: ProcessNote, _ mark: ProcessMark, now: Int64
  ) -> EventDraft {
    var draft = EventDraft(
      .processExited, ts: now, run: note.run, sourceKind: .system,
      summary: "Process \(mark.id) is gone; nothing told of its end", provenance: "process check")
    draft.sourceRef = note.run.sessionID
    draft.idempotencyKey = "gone:\(note.run.key):\(mark.fingerprint)"
    draft.payload.set("vanished", true)
    draft.payload.set(
      "told_by", note.run.key.hasPrefix(LoggedEvent.startedRun) ? "fleetlog run" : "hook")
    draft.payload.set("process", mark.json)
    return draft
  }
}
