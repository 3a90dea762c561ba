/// How well the watched folders are watched, for `/sources` and `doctor`.
package struct WatchStatus: Sendable, Equatable {
  package struct Root: Sendable, Equatable {
    package enum State: Sendable, Equatable {
      case watched
      /// Does not exist (yet, or any more); taken up as soon as it does.
      case awaited
      /// Another root includes it.
      case covered(by: FilePath)
      /// Exists and can't be watched, such as a file; the text says why.
      case refused(String)
    }

    /// As it was given, made absolute.
    package let path: FilePath
    package let state: State
  }

  /// Why a folder is looked at every few seconds, since the kernel does not tell of its changes.
  package enum PollReason: Sendable, Hashable {
    case watchLimit
    /// The file system's type, such as `nfs4`.
    case fileSystem(String)
    /// The system's own words.
    case noNotices(String)

    /// The reason and its mend, for people.
    package var detail: String {
      switch self {
      case .watchLimit:
        "the limit of inotify watches is reached; raise it with "
          + "`sysctl fs.inotify.max_user_watches=524288`"
      case .fileSystem(let type): "a \(type) mount does not tell of changes made elsewhere"
      case .noNotices(let words):
        "inotify does not work: \(words); raise fs.inotify.max_user_instances if too many "
          + "programs watch"
      }
    }
  }

  package var roots: [Root] = []
  /// Folders of whose changes the kernel tells.
  package var foldersWatched = 0
  /// Folders that are polled, by reason.
  package var foldersPolled: [PollReason: Int] = [:]
  package var filesKnown = 0
  /// Regular files whose names are not those of transcripts.
  package var otherFiles = 0
  /// Links, special files and what can't be read: the first of them; ``passedOverCount`` are all.
  package var passedOver: [PassedOver] = []
  package var passedOverCount = 0
  /// How often the kernel lost events, after each of which everything was listed again.
  package var overflows = 0
  /// Whether every folder was listed since it was found.
  package var isComplete = false
  /// The folder that is being listed right now, and for how many ms: a hanging mount shows here.
  package var listing: Listing?

  package struct Listing: Sendable, Equatable {
    package let folder: FilePath
    package let forMs: Int64
  }

  /// ``passedOver`` holds no more than this.
  package static let passedOverShown = 1000

  package init() {}
}
