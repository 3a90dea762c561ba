import FleetlogEvents

/// What of a graph is drawn: boxes and arrows within a budget, the rest folded into counts.
struct GraphSketch {
  struct Box {
    enum Content {
      case event(LinkGraph.Node)
      /// So many events that are alike, beside the one of this id.
      case more(count: Int, words: String, beside: Int64)
    }

    let name: String
    let content: Content
    /// How many events come from this one; what several come from is drawn larger.
    var symptoms = 0

    var isRoot: Bool { symptoms > 1 }
    var width: Double {
      if case .more = content { return 120 }
      return isRoot ? 320 : 264
    }
    var height: Double {
      if case .more = content { return 30 }
      return isRoot ? 72 : 58
    }
  }

  struct Arrow {
    let from: String
    let to: String
    let relation: RelationType
    let isInferred: Bool
    /// Whether the target is the older one: the layout runs with time.
    let isBackwards: Bool
  }

  private(set) var boxes: [Box] = []
  private(set) var arrows: [Arrow] = []
  /// Events that are in no box and in no count.
  private(set) var left = 0

  /// Equal neighbours beyond so many are folded.
  private static let mostAlike = 6

  private let graph: LinkGraph
  private var folded: [Int64: String] = [:]

  init(_ graph: LinkGraph, root: Int64?, budget: Int = 60) {
    self.graph = graph
    foldAlike(root)
    choose(root, budget)
    connect()
  }

  private struct Likeness: Hashable {
    let neighbour: Int64
    let relation: RelationType
    let isFrom: Bool
    let type: EventType
  }

  /// Puts leaves that hang on one event in the same way into one box that counts them; not those of
  /// the root, which was chosen to see them.
  private mutating func foldAlike(_ root: Int64?) {
    var edges: [Int64: [LinkGraph.Edge]] = [:]
    for edge in graph.edges {
      edges[edge.from, default: []].append(edge)
      edges[edge.to, default: []].append(edge)
    }
    var alike: [Likeness: [Int64]] = [:]
    for node in graph.nodes where node.event.id != root {
      let own = edges[node.event.id] ?? []
      guard let edge = own.first, own.count == 1 else { continue }
      let isFrom = edge.from == node.event.id
      let key = Likeness(
        neighbour: isFrom ? edge.to : edge.from, relation: edge.relation, isFrom: isFrom,
        type: node.event.type)
      if key.neighbour != root { alike[key, default: []].append(node.event.id) }
    }
    let groups = alike.sorted { ($0.value[0], $0.key.neighbour) < ($1.value[0], $1.key.neighbour) }
    for (key, ids) in groups {
      let kept = key.relation == .duplicates ? 0 : Self.mostAlike - 1
      guard ids.count > (key.relation == .duplicates ? 1 : Self.mostAlike) else { continue }
      let name = "more\(boxes.count)"
      let words = key.relation == .duplicates ? "duplicates" : "more " + key.type.words
      boxes.append(
        Box(
          name: name,
          content: .more(count: ids.count - kept, words: words, beside: key.neighbour)))
      for id in ids.dropFirst(kept) { folded[id] = name }
    }
  }

  /// Takes whole groups that hang together, those with the root or a shared cause first, until the
  /// budget is spent; of a group that is too large, what stands nearest to its root.
  private mutating func choose(_ root: Int64?, _ budget: Int) {
    let folds = boxes
    boxes = []
    var symptoms: [Int64: Set<Int64>] = [:]
    var near: [Int64: [Int64]] = [:]
    for edge in graph.edges {
      switch edge.relation {
      case .blockedBy, .duplicates: symptoms[edge.to, default: []].insert(edge.from)
      case .blocks: symptoms[edge.from, default: []].insert(edge.to)
      default: break
      }
      near[edge.from, default: []].append(edge.to)
      near[edge.to, default: []].append(edge.from)
    }
    let events = Dictionary(
      graph.nodes.map { ($0.event.id, $0) }, uniquingKeysWith: { first, _ in first })
    func weight(_ id: Int64) -> Int {
      if id == root { return 1 << 30 }
      return (symptoms[id]?.count ?? 0) * 1000 + (near[id]?.count ?? 0)
    }
    var seen: Set<Int64> = []
    var groups: [[Int64]] = []
    for node in graph.nodes.map(\.event.id).sorted(by: { (weight($0), $1) > (weight($1), $0) })
    where seen.insert(node).inserted {
      // From the weightiest on, nearest first.
      var group = [node]
      var index = 0
      while index < group.count {
        for other in (near[group[index]] ?? []).sorted(by: { (weight($0), $1) > (weight($1), $0) })
        where seen.insert(other).inserted {
          group.append(other)
        }
        index += 1
      }
      groups.append(group)
    }
    var places = budget
    for group in groups {
      for id in group {
        if folded[id] != nil { continue }
        guard places > 0, let node = events[id] else {
          left += 1
          continue
        }
        places -= 1
        boxes.append(
          Box(name: "n\(id)", content: .event(node), symptoms: symptoms[id]?.count ?? 0))
      }
    }
    boxes.sort { Self.time($0) < Self.time($1) }
    let names = Set(boxes.map(\.name))
    for fold in folds {
      guard case .more(let count, _, let beside) = fold.content else { continue }
      if names.contains("n\(beside)") { boxes.append(fold) } else { left += count }
    }
  }

  private static func time(_ box: Box) -> (Int64, Int64) {
    guard case .event(let node) = box.content else { return (.max, 0) }
    return (node.event.ts, node.event.id)
  }

  private mutating func connect() {
    let names = Set(boxes.map(\.name))
    let times = Dictionary(
      graph.nodes.map { ($0.event.id, ($0.event.ts, $0.event.id)) }, uniquingKeysWith: { $1 })
    var drawn: Set<String> = []
    let blocked = Set(
      graph.edges.filter { $0.relation == .blockedBy }.map { [$0.from, $0.to] })
    // What is blocked by an event of the same condition also repeats it: once is enough to see.
    for edge in graph.edges
    where edge.relation != .duplicates || !blocked.contains([edge.from, edge.to]) {
      let from = folded[edge.from] ?? "n\(edge.from)"
      let to = folded[edge.to] ?? "n\(edge.to)"
      guard from != to, names.contains(from), names.contains(to),
        drawn.insert("\(from) \(edge.relation.rawValue) \(to)").inserted
      else { continue }
      let isBackwards = (times[edge.to] ?? (0, 0)) < (times[edge.from] ?? (0, 0))
      arrows.append(
        Arrow(
          from: from, to: to, relation: edge.relation, isInferred: edge.isInferred,
          isBackwards: isBackwards))
    }
  }

  func layout(by layouter: GraphLayouter) -> GraphLayouter.Outcome {
    layouter.layout(
      boxes: boxes.map { ($0.name, $0.width, $0.height) },
      arrows: arrows.map { $0.isBackwards ? ($0.to, $0.from) : ($0.from, $0.to) })
  }
}
