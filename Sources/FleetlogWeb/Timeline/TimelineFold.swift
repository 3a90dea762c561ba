import FleetlogEvents

/// Puts together what stands too close to be told apart, and remembers where each event went.
struct TimelineFold {
  let scale: TimeScale
  /// By event: the one that the bar or mark is known by in which it is drawn.
  private(set) var places: [Int64: Int64] = [:]

  /// One pixel of a drawing 1400 pixels wide, in percent.
  static let pixel = 100.0 / 1400
  /// Marks nearer than this would lie on each other, in percent.
  private static let markRoom = 0.9

  init(scale: TimeScale) { self.scale = scale }

  /// - Parameter bars: in the order of their beginning.
  mutating func bars(_ bars: [Timeline.Bar]) -> [Timeline.Bar] {
    var folded: [Timeline.Bar] = []
    folded.reserveCapacity(bars.count)
    /// Whether the last one is thinner than a pixel, or made of such.
    var isThin = false
    var reached = -Double.infinity
    for bar in bars {
      let left = scale.percent(bar.time.lowerBound)
      let right = scale.percent(bar.time.upperBound)
      let fits = right - left < Self.pixel && left - reached < Self.pixel
      if fits, isThin, var last = folded.last {
        last.add(bar)
        folded[folded.count - 1] = last
      } else {
        isThin = right - left < Self.pixel
        folded.append(bar)
      }
      reached = max(reached, right)
      if let known = folded.last?.event { for event in bar.events { places[event] = known } }
    }
    return folded
  }

  mutating func marks(_ steps: [SessionCourse.Step]) -> [Timeline.Mark] {
    var marks: [Timeline.Mark] = []
    var reached = -Double.infinity
    for step in steps {
      let mark = Timeline.Mark(step)
      let place = scale.percent(step.ts)
      if place - reached < Self.markRoom, let last = marks.last {
        marks[marks.count - 1] = last.joined(with: mark)
      } else {
        marks.append(mark)
        reached = place
      }
      if let known = marks.last?.event { places[step.id] = known }
    }
    return marks
  }
}

extension Timeline.Bar {
  fileprivate mutating func add(_ other: Timeline.Bar) {
    if events.isEmpty {
      event = other.event
      events = other.events
    }
    time = time.lowerBound..<Swift.max(time.upperBound, other.time.upperBound)
    for (family, number) in other.families { families[family, default: 0] += number }
    count += other.count
    failed += other.failed
    isOpen = isOpen || other.isOpen
  }
}

extension Timeline.Mark {
  fileprivate init(_ step: SessionCourse.Step) {
    self.init(
      event: step.id, ts: step.ts, tone: Tone(step.type), isInferred: step.isInferred,
      words: step.type.words, summary: step.summary)
  }

  /// What weighs most is seen; what was said outweighs what was inferred.
  fileprivate func joined(with other: Timeline.Mark) -> Timeline.Mark {
    var joined = self
    joined.count += other.count
    joined.isInferred = isInferred && other.isInferred
    if Self.weight(other.tone) > Self.weight(tone) {
      joined.tone = other.tone
      joined.words = other.words
    }
    joined.summary = summary.isEmpty ? other.summary : summary
    return joined
  }

  static func weight(_ tone: Tone) -> Int {
    switch tone {
    case .block: 5
    case .wait: 4
    case .stale: 3
    case .ok: 2
    case .work: 1
    case .idle: 0
    }
  }
}
