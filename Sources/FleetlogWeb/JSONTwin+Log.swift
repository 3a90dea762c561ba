import FleetlogEvents

// The log and its sources.
extension JSONTwin {
  static func overview(
    _ overview: LogOverview, needs: NeedList, workers: WorkerList, attention: [StoredEvent],
    sessions: [SessionSummary], delivered: [StoredEvent], spend: SpendDrawing
  ) -> JSONObject {
    var object = figures(overview)
    object.set("needs", needs.groups.map(need))
    object.set("needs_total", needs.total)
    var counts = JSONObject()
    for need in Need.allCases { counts.set(need.name, needs.counts[need] ?? 0) }
    object.set("needs_by_kind", json: counts.text)
    object.set("needs_events", needs.events)
    object.set("needs_older", needs.older)
    object.set("workers", workers.workers.map(worker))
    object.set("attention", attention.map(event))
    object.set("recent_sessions", sessions.map(session))
    object.set("delivered", delivered.map(event))
    object.set("spend", Self.spend(spend))
    return object
  }

  private static func figures(_ overview: LogOverview) -> JSONObject {
    var object = JSONObject()
    object.set("events", overview.events)
    object.set("sessions", overview.sessions)
    object.set("sources", overview.sources)
    object.set("validation_errors", overview.validationErrors)
    object.set("last_event_id", overview.lastEventID)
    object.setOrNull("first_event_at", overview.firstEventAt)
    object.setOrNull("last_event_at", overview.lastEventAt)
    object.set("search_lag", overview.searchLag)
    return object
  }

  static func progress(_ progress: ImportProgress) -> JSONObject {
    var object = JSONObject()
    object.set("files", progress.files)
    object.set("files_done", progress.filesDone)
    object.set("bytes", progress.bytes)
    object.set("bytes_done", progress.bytesDone)
    object.set("bytes_per_second", progress.bytesPerSecond)
    object.setOrNull("seconds_left", progress.secondsLeft)
    object.set("search_lag", progress.searchLag)
    object.set("share", progress.share)
    object.set("words", progress.words)
    return object
  }

  static func health(
    _ overview: LogOverview, reasons: [String], progress: ImportProgress?,
    program: HealthPage.Program
  ) -> JSONObject {
    var object = JSONObject()
    object.set("status", reasons.isEmpty ? "ok" : "degraded")
    object.set("reasons", reasons)
    object.set("version", program.version)
    object.setOrNull("started_at", program.startedAt)
    var log = figures(overview)
    log.set("path", program.path)
    log.set("bytes", program.bytes)
    object.set("log", log)
    object.set("folders", program.folders.map(folder))
    object.setOrNull("import", progress.map(Self.progress))
    return object
  }

  private static func folder(_ row: FolderRow) -> JSONObject {
    var object = JSONObject()
    object.set("path", row.folder.path)
    switch row.folder.state {
    case .watched: object.set("state", "watched")
    case .awaited: object.set("state", "awaited")
    case .refused(let reason):
      object.set("state", "refused")
      object.set("reason", reason)
    }
    object.setOrNull("files", row.files.map(Int64.init))
    return object
  }

  static func sources(
    _ page: SourcePage, folders: [FolderRow],
    problems: [(source: SourceStatus, problem: SourceProblem)]
  ) -> JSONObject {
    var object = JSONObject()
    object.set("folders", folders.map(folder))
    object.set("sources", page.sources.map(source))
    object.setOrNull("next", page.next)
    object.set("total", page.total)
    object.set("problems", problems.map { problem($0.problem, $0.source.id, $0.source.path) })
    return object
  }

  private static func source(_ source: SourceStatus) -> JSONObject {
    var object = JSONObject()
    object.set("id", source.id)
    object.set("path", source.path)
    object.setOrNull("format", source.format)
    object.set("state", source.state.rawValue)
    object.set("size", source.size)
    object.set("offset", source.offset)
    object.set("lag", max(0, source.size - source.offset))
    object.set("lines", source.lines)
    object.set("events", source.events)
    object.set("skipped_lines", source.skippedLines)
    object.set("mended_lines", source.mendedLines)
    object.setOrNull("last_error", source.lastError)
    object.set("modified_at", source.modifiedAt)
    object.setOrNull("last_read_at", source.lastReadAt)
    return object
  }

  private static func problem(_ problem: SourceProblem, _ id: Int64, _ path: String) -> JSONObject {
    var object = JSONObject()
    object.set("source_file_id", id)
    object.set("path", path)
    object.set("kind", problem.kind.rawValue)
    object.set("source_offset", problem.span.offset)
    object.set("source_length", problem.span.length)
    object.set("reason", problem.reason)
    return object
  }

  static func validation(_ report: ValidationReport) -> JSONObject {
    var object = JSONObject()
    object.set("errors", report.errors.map(event))
    object.set("total_errors", report.totalErrors)
    object.set("fenced", report.fenced.map { problem($0.problem, $0.fileID, $0.path) })
    object.set("total_fenced", report.totalFenced)
    object.set(
      "compliance",
      report.compliance.map { row in
        var object = JSONObject()
        object.setOrNull("agent", row.agent)
        object.setOrNull("model", row.model)
        object.setOrNull("contract_version", row.contractVersion)
        object.set("turns", row.turns)
        object.set("kept", row.kept)
        object.set("refused", row.refused)
        object.set("share", row.share)
        return object
      })
    return object
  }
}
