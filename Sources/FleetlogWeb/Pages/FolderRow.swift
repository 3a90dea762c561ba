import FleetlogEvents
import FleetlogStore

/// A watched folder, and how many files were found below it.
struct FolderRow: TemplateContext {
  let folder: WatchedFolder
  /// nil where the log can't tell.
  let files: Int?

  static let slots: [Slot<FolderRow>] = [
    .text("path", \.folder.path),
    .text("tone", \.tone.rawValue),
    .text("words", \.words),
  ]

  /// The folders that a program watches, with their files.
  static func list(_ folders: [WatchedFolder], _ log: EventLog) throws(StoreError) -> [FolderRow] {
    zip(folders, try log.fileCounts(below: folders.map(\.path))).map {
      FolderRow(folder: $0, files: $1)
    }
  }

  private var tone: Tone {
    switch folder.state {
    case .watched: .ok
    case .awaited: .idle
    case .refused: .block
    }
  }

  private var words: String {
    switch folder.state {
    case .watched: files.map { Wording.plural($0, "file") } ?? "watched"
    case .awaited: "not there yet; read as soon as it is"
    case .refused(let reason): "can’t be watched: \(reason)"
    }
  }
}
