import FleetlogEvents

/// The frame around every page: navigation with counts, search, and the page itself.
struct Layout: TemplateContext {
  let head: PageHead
  let assets: Assets
  /// nil where the log was not asked, as on an error page.
  let overview: LogOverview?
  /// The import that runs, if one does.
  let progress: ImportProgress?
  /// Whether there is a way out, since the visitor had to be let in.
  var offersSignOut = false
  let content: SafeHTML

  static let slots: [Slot<Layout>] = [
    .text("title") { $0.head.title },
    .text("styleURL") { $0.assets.url(of: .style) },
    .text("scriptURL") { $0.assets.url(of: .script) },
    .text("liveScriptURL") { $0.assets.url(of: .liveScript) },
    .text("pageScriptURL") { layout in layout.head.script.map { layout.assets.url(of: $0) } },
    .text("freshScriptURL") { layout in
      layout.head.live == nil ? nil : layout.assets.url(of: .freshScript)
    },
    .text("pulseURL") { layout in
      layout.overview == nil
        ? nil : Location(LiveStream.path, query: [("pulse", "1")]).description
    },
    .text("workerURL") { $0.assets.url(of: .pulseScript) },
    .text("attentionIconURL") { $0.assets.url(of: .attentionIcon) },
    .part("live", \.live),
    .part("progress") { $0.progress.map(ImportLine.init) },
    .text("iconURL") { $0.assets.url(of: .icon) },
    .text("twinURL") { $0.head.twin?.description },
    .list("groups", \.groups),
    .text("query") { $0.head.filter.text },
    .list("kept", \.kept),
    .flag("offersSignOut", \.offersSignOut),
    .html("content", \.content),
  ]

  private var live: LiveContent? {
    guard let live = head.live, let overview else { return nil }
    return LiveContent(
      live: live,
      revision: overview.lastEventID - (live.isSearch ? Int64(overview.searchLag) : 0))
  }

  var groups: [NavigationGroup] {
    var attention = EventFilter()
    attention.attention = true
    var prompts = EventFilter()
    prompts.types = [EventType.messageUser.rawValue]
    prompts.sourceKinds = [SourceKind.operator.rawValue]
    var delivered = EventFilter()
    delivered.types = OverviewPage.deliverables.map(\.rawValue)
    return [
      NavigationGroup(
        name: nil,
        items: [
          item("Overview", Location()),
          item("Workers", Location("workers")),
          item("Runs", Location("runs")),
          item("Tasks", Location("tasks")),
          item("Events", .events(), overview?.events),
          item("Graph", Location("graph")),
          item("Sessions", Location("sessions"), overview?.sessions),
        ]),
      NavigationGroup(
        name: "Views",
        items: [
          item("Asks for attention", .events(attention)),
          item("Prompts", .events(prompts)),
          item("Delivered", .events(delivered)),
        ]),
      NavigationGroup(
        name: "Health",
        items: [
          item("Sources", Location("sources"), overview?.sources),
          item("Validation", Location("validation"), overview?.validationErrors),
          item("Contract", Location("contract")),
          item("Status", Location("healthz")),
        ]),
    ]
  }

  private func item(_ name: String, _ target: Location, _ count: Int? = nil) -> NavigationItem {
    NavigationItem(
      name: name, url: target.description, count: count.map(Wording.count),
      isCurrent: head.section == target)
  }

  /// The filters that a search from this page keeps.
  private var kept: [HiddenField] {
    (head.filter.parameters.filter { $0.name != "q" } + head.manner).map {
      HiddenField(name: $0.name, value: $0.value)
    }
  }
}

/// What a page's script must know to keep up.
struct LiveContent: TemplateContext {
  let live: Liveness
  /// Every event up to this id was there to be shown.
  let revision: Int64

  static let slots: [Slot<LiveContent>] = [
    .text("manner", \.live.manner.rawValue),
    .text("revision") { String($0.revision) },
    .text("measure") { $0.live.isSearch ? "searchable" : "events" },
    .text("probeURL", \.live.probe?.description),
    .text("latestURL", \.live.newest),
  ]
}

struct NavigationGroup: TemplateContext {
  let name: String?
  let items: [NavigationItem]

  static let slots: [Slot<NavigationGroup>] = [.text("name", \.name), .list("items", \.items)]
}

struct NavigationItem: TemplateContext {
  let name: String
  let url: String
  let count: String?
  let isCurrent: Bool

  static let slots: [Slot<NavigationItem>] = [
    .text("name", \.name),
    .text("url", \.url),
    .text("count", \.count),
    .flag("isCurrent", \.isCurrent),
  ]
}

/// A value that a form carries on.
struct HiddenField: TemplateContext {
  let name: String
  let value: String

  static let slots: [Slot<HiddenField>] = [.text("name", \.name), .text("value", \.value)]
}
