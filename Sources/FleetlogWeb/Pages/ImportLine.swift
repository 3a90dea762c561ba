import FleetlogEvents

/// The import's progress at the foot of every page while one runs.
struct ImportLine: TemplateContext {
  let progress: ImportProgress

  static let slots: [Slot<ImportLine>] = [
    .text("words") { $0.progress.words },
    .text("thousandths") { String(Int($0.progress.share * 1000)) },
  ]
}

extension ImportProgress {
  /// `Reading 120 of 5,000 files · 1.2 GB of 30 GB · 85 MB/s · about 5 min left`
  var words: String {
    var parts: [String] = []
    if filesDone < files || bytesDone < bytes {
      parts.append(
        "Reading \(Wording.grouped(filesDone)) of \(Wording.grouped(files)) "
          + (files == 1 ? "file" : "files"))
      parts.append("\(Wording.bytes(bytesDone)) of \(Wording.bytes(bytes))")
      if bytesPerSecond > 0 { parts.append("\(Wording.bytes(bytesPerSecond))/s") }
      if let secondsLeft { parts.append("about \(Wording.duration(secondsLeft * 1000)) left") }
    }
    if searchLag > 0 {
      parts.append("full text \(Wording.plural(searchLag, "event")) behind")
    }
    return parts.isEmpty ? "Import finished" : parts.joined(separator: " · ")
  }
}
