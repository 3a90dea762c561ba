import FleetlogEvents

/// What is true of a turn if a text ended it, where no record says that it ended: time decides, or
/// the operator's next prompt.
struct QuietTurn {
  private var open: TimeQuestion?
  private var ended: [TimeQuestion] = []
  private let options: SynthesisOptions
  /// Whether an answer that comes sooner makes it true at once; else it was then never true.
  private let endsByPrompt: Bool
  /// Older ones are settled for good.
  private static let most = 64

  init(_ options: SynthesisOptions, endsByPrompt: Bool) {
    self.options = options
    self.endsByPrompt = endsByPrompt
  }

  var questions: [TimeQuestion] { ended + [open].compactMap { $0 } }

  /// A text that may have ended its turn, and what is true then.
  mutating func mayEnd(_ text: Evidence, _ inference: Inference, isAsking: Bool) {
    var inference = inference
    inference.ts = text.ts + options.quietTurn
    inference.ask(isAsking, options)
    open = TimeQuestion("quiet:" + text.key, inference, threshold: options.quietTurn)
  }

  /// Sees the run's next event: the operator goes on, or the worker does and the turn had not ended.
  mutating func follow(_ fact: Fact) {
    guard var question = open else { return }
    switch fact.step {
    case .modelAnswered, .other: return
    case .prompted(isQueued: false) where fact.isOperators: break
    case .interrupted where fact.evidence.ts >= question.dueAt: break
    default:
      open = nil
      return
    }
    open = nil
    if fact.evidence.ts < question.dueAt {
      guard endsByPrompt else { return }
      question.dueAt = fact.evidence.ts
      question.inference.ts = fact.evidence.ts
    }
    question.until = fact.evidence.ts
    if !endsByPrompt, fact.isOperators { question.resolution = fact.evidence }
    ended.append(question)
    if ended.count > Self.most { ended.removeFirst() }
  }

  /// The worker says it itself.
  mutating func say(_ word: Evidence) {
    if let last = ended.indices.last, ended[last].resolution == nil {
      ended[last].resolution = word
      ended[last].isOwnWord = true
    }
  }
}
