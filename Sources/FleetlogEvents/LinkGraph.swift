/// Which links a graph shows.
package struct GraphQuery: Sendable {
  /// Empty for all that tell a cause or a course.
  package var relations: [RelationType] = []
  package var session: String?
  /// The event that everything shown hangs together with.
  package var root: Int64?
  /// ms since the Unix epoch, inclusive.
  package var since: Int64?
  /// ms since the Unix epoch, exclusive.
  package var until: Int64?

  package init() {}

  /// Reads the parameters of a query string; blank values mean nothing.
  ///
  /// - Parameter now: ms since the Unix epoch.
  package init(
    parameters: [(name: String, value: String)], now: Int64
  ) throws(EventFilter.ParameterError) {
    for (name, value) in parameters where !value.isEmpty {
      func refusal(_ takes: String) -> EventFilter.ParameterError {
        EventFilter.ParameterError(parameter: name, value: value, takes: takes)
      }
      func time() throws(EventFilter.ParameterError) -> Int64 {
        guard let time = TimeExpression.parse(value, now: now) else {
          throw refusal(TimeExpression.takes)
        }
        return time
      }
      switch name {
      case "relation":
        guard let relation = RelationType(rawValue: value) else {
          throw refusal("one of " + RelationType.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if !relations.contains(relation) { relations.append(relation) }
      case "session": session = value
      case "root":
        guard let id = Int64(value), id > 0 else { throw refusal("an event's number") }
        root = id
      case "since": since = try time()
      case "until": until = try time()
      default: throw .unknown(name, value)
      }
    }
  }
}

/// Events and the links between them.
package struct LinkGraph: Sendable {
  package struct Node: Sendable {
    package let event: StoredEvent
    /// Whose event it is.
    package let worker: WorkerName
    /// Whether something resolved or superseded it.
    package let isOver: Bool

    package init(event: StoredEvent, worker: WorkerName, isOver: Bool) {
      self.event = event
      self.worker = worker
      self.isOver = isOver
    }
  }

  package struct Edge: Sendable {
    package let id: Int64
    package let from: Int64
    package let to: Int64
    package let relation: RelationType
    /// How it is known, as `metadata_json`.
    package let metadata: String?

    package init(id: Int64, from: Int64, to: Int64, relation: RelationType, metadata: String?) {
      self.id = id
      self.from = from
      self.to = to
      self.relation = relation
      self.metadata = metadata
    }

    /// Whether a rule drew it rather than a worker or the transcript's own ids.
    package var isInferred: Bool {
      guard relation != .spawned, let metadata, let value = try? JSONDocument(metadata).root else {
        return false
      }
      return value["rule"]?.string?.contains("/") ?? false
    }
  }

  /// In the order of time.
  package let nodes: [Node]
  package let edges: [Edge]
  /// Why there may be more, as a sentence for people.
  package let partialReason: String?

  package init(nodes: [Node], edges: [Edge], partialReason: String?) {
    self.nodes = nodes
    self.edges = edges
    self.partialReason = partialReason
  }
}
