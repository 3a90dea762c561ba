/// Runs in the order of their tree: each before what it spawned, siblings by their beginning.
package struct RunTree: Sendable {
  package struct Node: Sendable {
    package let worker: Worker
    /// What it is called, told from the others of the tree.
    package fileprivate(set) var workerName: WorkerName
    /// 0 for a run that nothing shown has spawned.
    package let depth: Int
    /// Where among the nodes its parent stands.
    package let parent: Int?
    /// What is odd about its place in the hierarchy.
    package let oddity: Oddity?
    /// Runs that it spawned, itself.
    package var children = 0
    /// What it and everything below it used.
    package var usage: [UsageShare] = []

    package var run: RunSummary { worker.run }
  }

  package enum Oddity: Sendable, Equatable {
    /// It names a parent that the log has not seen.
    case missingParent(key: String)
    /// It names itself as its parent.
    case ownParent
    /// It is, through others, its own parent: the tree begins anywhere.
    case circle
  }

  package var nodes: [Node] = []
  /// What is wanting, in a sentence.
  package var partialReason: String?

  package init() {}

  /// Builds the tree of some runs, each once. A circle of parents is cut before the run that began
  /// first.
  ///
  /// - Parameter parentKeys: of runs whose parent has not been found, what they call it.
  package init(_ workers: [Worker], parentKeys: [Int64: String] = [:]) {
    let ordered = workers.sorted { Self.begins($0.run, before: $1.run) }
    let known = Set(ordered.map(\.run.id))
    var children: [Int64: [Worker]] = [:]
    var tops: [Worker] = []
    for worker in ordered {
      if let parent = worker.run.parentID, parent != worker.run.id, known.contains(parent) {
        children[parent, default: []].append(worker)
      } else {
        tops.append(worker)
      }
    }
    var seen: Set<Int64> = []
    for top in tops {
      add(top, oddity: Self.oddity(of: top.run, parentKeys[top.run.id]), children, &seen)
    }
    for worker in ordered where !seen.contains(worker.run.id) {
      add(worker, oddity: .circle, children, &seen)
    }
    let names = WorkerNames().with(workers)
    for index in nodes.indices { nodes[index].workerName = names[nodes[index].worker] }
  }

  private static func begins(_ left: RunSummary, before right: RunSummary) -> Bool {
    (left.startedAt, left.id) < (right.startedAt, right.id)
  }

  private static func oddity(of run: RunSummary, _ parentKey: String?) -> Oddity? {
    if run.parentID == run.id || parentKey == run.key { return .ownParent }
    guard run.parentID == nil, let parentKey else { return nil }
    return .missingParent(key: parentKey)
  }

  /// Without recursion, since a chain of runs may be of any length.
  private mutating func add(
    _ top: Worker, oddity: Oddity?, _ children: [Int64: [Worker]], _ seen: inout Set<Int64>
  ) {
    var open: [(worker: Worker, depth: Int, parent: Int?)] = [(top, 0, nil)]
    while let next = open.popLast() {
      guard seen.insert(next.worker.run.id).inserted else { continue }
      if let parent = next.parent { nodes[parent].children += 1 }
      nodes.append(
        Node(
          worker: next.worker, workerName: next.worker.name, depth: next.depth, parent: next.parent,
          oddity: next.parent == nil ? oddity : nil))
      let index = nodes.count - 1
      for child in (children[next.worker.run.id] ?? []).reversed() {
        open.append((child, next.depth + 1, index))
      }
    }
  }

  /// The same without the trees in which no node satisfies a condition.
  package func keeping(where isWanted: (Node) -> Bool) -> RunTree {
    var kept = RunTree()
    kept.partialReason = partialReason
    var start = nodes.startIndex
    while start < nodes.endIndex {
      let end = nodes[(start + 1)...].firstIndex { $0.depth == 0 } ?? nodes.endIndex
      if nodes[start..<end].contains(where: isWanted) {
        let shift = kept.nodes.count - start
        kept.nodes += nodes[start..<end].map { node in
          var moved = Node(
            worker: node.worker, workerName: node.workerName, depth: node.depth,
            parent: node.parent.map { $0 + shift },
            oddity: node.oddity)
          moved.children = node.children
          moved.usage = node.usage
          return moved
        }
      }
      start = end
    }
    return kept
  }
}
