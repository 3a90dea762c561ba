import FleetlogEvents

/// The views of the runs that moved last. Memory is bounded: a view that fell out is folded anew
/// from the log when its run moves again.
struct RunViews {
  /// A view and where it stands.
  struct Loaded {
    var fold: any RunFolding
    var order = ViewOrder()
    /// The questions as they are stored, by key.
    var questions: [String: String] = [:]
    /// The metrics as they are stored.
    var metrics: RunMetrics?
    var lastUsed = 0
  }

  private var views: [Int64: Loaded] = [:]
  private var clock = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func take(_ run: Int64) -> Loaded? { views.removeValue(forKey: run) }

  mutating func put(_ view: Loaded, for run: Int64) {
    clock += 1
    var view = view
    view.lastUsed = clock
    views[run] = view
    guard views.count > limit else { return }
    let old = views.sorted { $0.value.lastUsed < $1.value.lastUsed }.prefix(limit / 4)
    for (run, _) in old { views[run] = nil }
  }

  mutating func drop(_ run: Int64) { views[run] = nil }

  mutating func removeAll() { views.removeAll() }
}

/// The order of a view's events: that of their file. Where several files contribute, they are
/// merged by time, each file's own order kept: an event's place is the running maximum of the
/// times in its file.
struct ViewOrder {
  private var place = Int64.min
  private var file: Int64?
  private var isEmpty = true
  private var places: [Int64: Int64] = [:]

  /// Takes the next event of a file.
  ///
  /// - Returns: whether it comes behind all that came before; if not, the view has to be folded
  ///   anew.
  mutating func take(ts: Int64, file: Int64?) -> Bool {
    let own = max(places[file ?? 0] ?? Int64.min, ts)
    let isNext = isEmpty || own > place || (own == place && file == self.file)
    places[file ?? 0] = own
    place = max(place, own)
    self.file = file
    isEmpty = false
    return isNext
  }
}
