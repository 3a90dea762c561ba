import FleetlogStore
import FleetlogThreads
import Glibc

/// Where the boxes of a graph stand and how its arrows run, in px, y downwards.
struct GraphLayout: Sendable, Equatable {
  struct Point: Sendable, Equatable {
    var x: Double
    var y: Double
  }

  var width = 0.0
  var height = 0.0
  /// The middle of each box.
  var boxes: [String: Point] = [:]
  /// The course of each arrow, by its place in what was laid out: a start, then three points for
  /// each Bézier curve.
  var arrows: [Int: [Point]] = [:]
}

/// Has Graphviz place boxes, and nothing more: the drawing is our own. Each layout is a process of
/// its own, without a shell, ended when it takes too long; layouts are kept by their content.
final class GraphLayouter: Sendable {
  enum Outcome: Sendable, Equatable {
    case layout(GraphLayout)
    /// Graphviz is not installed.
    case missing
    /// It took too long, or others are at work already.
    case late
    case failed(String)
  }

  /// px per inch, in which Graphviz counts.
  static let scale = 72.0
  /// ms.
  private let deadline: Int64
  private let program: String

  private struct State {
    var kept: [(source: String, layout: GraphLayout)] = []
    var running = 0
  }

  private let state = Monitor(State())
  private static let mostKept = 32
  private static let mostRunning = 2
  private static let mostOutput = 4 << 20

  init(program: String = "dot", deadline: Int64 = 2000) {
    self.program = program
    self.deadline = deadline
  }

  /// - Parameters:
  ///   - boxes: names of letters and digits, with sizes in px.
  ///   - arrows: pairs of names; the layout runs from left to right along them.
  func layout(
    boxes: [(name: String, width: Double, height: Double)], arrows: [(from: String, to: String)]
  ) -> Outcome {
    let source = Self.source(boxes, arrows)
    let cached: GraphLayout? = state.withLock { state in
      guard let index = state.kept.firstIndex(where: { $0.source == source }) else { return nil }
      let entry = state.kept.remove(at: index)
      state.kept.append(entry)
      return entry.layout
    }
    if let cached { return .layout(cached) }
    guard source.utf8.count <= ChildOutput.mostInput, begin() else { return .late }
    defer { state.withLock { $0.running -= 1 } }
    let text: String
    do throws(ChildOutput.Failure) {
      text = try draw(source)
    } catch {
      return outcome(of: error)
    }
    guard let layout = Self.parse(text, arrows) else {
      return .failed("\(program) answered with what is no layout")
    }
    state.withLock { state in
      state.kept.append((source, layout))
      if state.kept.count > Self.mostKept { state.kept.removeFirst() }
    }
    return .layout(layout)
  }

  private func begin() -> Bool {
    state.withLock { state in
      guard state.running < Self.mostRunning else { return false }
      state.running += 1
      return true
    }
  }

  static func source(
    _ boxes: [(name: String, width: Double, height: Double)],
    _ arrows: [(from: String, to: String)]
  ) -> String {
    var lines = [
      "digraph g {", "graph [rankdir=LR nodesep=0.2 ranksep=1.4]",
      "node [shape=box fixedsize=true label=\"\"]", "edge [arrowhead=none]",
    ]
    for box in boxes {
      lines.append("\(box.name) [width=\(box.width / scale) height=\(box.height / scale)]")
    }
    for arrow in arrows { lines.append("\(arrow.from) -> \(arrow.to)") }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// Reads Graphviz' `plain` format: inches, y upwards.
  static func parse(_ text: String, _ arrows: [(from: String, to: String)]) -> GraphLayout? {
    var layout = GraphLayout()
    var places: [String: [Int]] = [:]
    for (index, arrow) in arrows.enumerated().reversed() {
      places["\(arrow.from) \(arrow.to)", default: []].append(index)
    }
    var hasSize = false
    func number(_ word: Substring?) -> Double? { word.flatMap { Double($0) } }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "graph":
        guard words.count >= 4, let width = number(words[2]), let height = number(words[3]) else {
          return nil
        }
        layout.width = width * scale
        layout.height = height * scale
        hasSize = true
      case "node":
        guard hasSize, words.count >= 4, let x = number(words[2]), let y = number(words[3]) else {
          return nil
        }
        layout.boxes[String(words[1])] = GraphLayout.Point(
          x: x * scale, y: layout.height - y * scale)
      case "edge":
        guard hasSize, words.count >= 4, let count = Int(words[3]), count >= 4,
          words.count >= 4 + 2 * count, let index = places["\(words[1]) \(words[2])"]?.popLast()
        else { return nil }
        var points: [GraphLayout.Point] = []
        for place in 0..<count {
          guard let x = number(words[4 + 2 * place]), let y = number(words[5 + 2 * place]) else {
            return nil
          }
          points.append(GraphLayout.Point(x: x * scale, y: layout.height - y * scale))
        }
        layout.arrows[index] = points
      default: break
      }
    }
    return hasSize ? layout : nil
  }

  private func draw(_ source: String) throws(ChildOutput.Failure) -> String {
    let output = try ChildOutput(
      program: program, arguments: ["-Tplain"], environment: ["LC_ALL=C"],
      input: Array(source.utf8), deadline: deadline, limit: Self.mostOutput
    ).run()
    return String(decoding: output, as: UTF8.self)
  }

  private func outcome(of failure: ChildOutput.Failure) -> Outcome {
    switch failure {
    case .start(ENOENT): .missing
    case .start(let code): .failed("\(program): " + String(cString: strerror(code)))
    case .late, .tooMuch: .late
    case .status(let status, _): .failed("\(program) ended with status \(status >> 8)")
    }
  }
}
