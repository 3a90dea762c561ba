import FleetlogEvents

/// Estimates what a model's context consisted of at each of its answers. Transcripts tell how many
/// tokens it held and which texts came before; not the system prompt, nor the tools' definitions.
///
/// What the first answer had read beyond the texts before it is taken for these; the rest is shared
/// out among the texts by their bytes. So the parts are guesses, and their sum is not. What the
/// model says stands before the record of its answer and was not read for that.
enum ContextReducer {
  private static let bytesPerToken = 4

  /// - Parameter pieces: of one run, in the order of its file.
  static func fills(of pieces: [ContextPiece]) -> [ContextFill] {
    let base = hiddenTokens(pieces)
    var bytes = Bytes()
    var answer = 0
    var isAccounted = false
    var fills: [ContextFill] = []
    for piece in pieces {
      switch piece.kind {
      case .assistant: answer += piece.bytes
      case .call, .account: break
      case .user, .toolResult, .other, .compacted:
        bytes.assistant += answer
        answer = 0
      }
      switch piece.kind {
      case .account(let account):
        fills.append(ContextFill(eventID: piece.eventID, ts: piece.ts, account: account))
        isAccounted = true
      // Whoever asked has said it already.
      case .call where isAccounted: isAccounted = false
      case .call(let tokens, let window) where tokens > 0:
        fills.append(bytes.fill(piece, tokens, window, base: base))
      case .call: break
      // What replaces the context is told by this event, or by one that follows.
      case .compacted:
        bytes = Bytes()
        bytes.other = piece.bytes
      case .user: bytes.user += piece.bytes
      case .assistant: break
      case .toolResult: bytes.toolResults += piece.bytes
      case .other: bytes.other += piece.bytes
      }
    }
    return fills
  }

  private static func hiddenTokens(_ pieces: [ContextPiece]) -> Int {
    var seen = 0
    for piece in pieces {
      switch piece.kind {
      case .call(let tokens, _):
        if tokens > 0 { return max(0, tokens - seen / bytesPerToken) }
      case .assistant, .account: break
      case .user, .toolResult, .other, .compacted: seen += piece.bytes
      }
    }
    return 0
  }

  private struct Bytes {
    var user = 0
    var assistant = 0
    var toolResults = 0
    var other = 0

    func fill(_ piece: ContextPiece, _ total: Int, _ window: Int?, base: Int) -> ContextFill {
      let sum = user + assistant + toolResults + other
      let system = sum == 0 ? total : min(base, total)
      let rest = total - system
      func share(_ part: Int) -> Int {
        sum == 0 ? 0 : Int(Int128(rest) * Int128(part) / Int128(sum))
      }
      let (user, assistant, results) = (share(user), share(assistant), share(toolResults))
      return ContextFill(
        eventID: piece.eventID, ts: piece.ts, total: total, system: system, user: user,
        assistant: assistant, toolResults: results, other: rest - user - assistant - results,
        window: window)
    }
  }
}
