/// Every threshold of the synthesizer. Times are in ms.
package struct SynthesisOptions: Sendable {
  /// An inference asks for attention only where its evidence was recorded within this time of its
  /// happening: an import of old transcripts raises no alarm.
  package var freshness: Int64 = 24 * hour

  /// A worker that should be producing and writes nothing for this long is stale.
  package var silence: Int64 = 30 * minute
  /// A worker that wrote something within this time is at work; after it, nobody can tell whether
  /// it runs, awaits an approval or died.
  package var quiet: Int64 = 5 * minute
  /// A spawned child writes its first record within this time, or its start came to nothing.
  package var start: Int64 = 30 * second
  /// A text that nothing follows for this long ended its turn, where the source does not say so.
  package var quietTurn: Int64 = 2 * minute

  /// The same tool call failing so often in a row is a storm.
  package var failingCalls = 3
  /// Model calls failing so often without an answer in between are a storm.
  package var failingModelCalls = 5
  /// So many tool calls after it said that it is blocked, and the worker contradicts itself.
  package var callsWhileBlocked = 3

  /// Two sessions that write one file within this time contend for it.
  package var contention: Int64 = 30 * minute
  /// More candidates for attention than this within the window are a flood.
  package var floodSize = 10
  package var floodWindow: Int64 = 10 * minute
  /// A flood that began longer ago alarms nobody.
  package var floodStands: Int64 = hour

  package init() {}

  /// Which of these a person may set, and by what name.
  package static let thresholds: [(name: String, value: Threshold)] = [
    ("freshness", .time(\.freshness)), ("silence", .time(\.silence)), ("quiet", .time(\.quiet)),
    ("start", .time(\.start)), ("quiet-turn", .time(\.quietTurn)),
    ("failing-calls", .count(\.failingCalls)),
    ("failing-model-calls", .count(\.failingModelCalls)),
    ("calls-while-blocked", .count(\.callsWhileBlocked)), ("contention", .time(\.contention)),
    ("flood-size", .count(\.floodSize)), ("flood-window", .time(\.floodWindow)),
    ("flood-stands", .time(\.floodStands)),
  ]

  package enum Threshold: Sendable {
    /// A duration, in ms.
    case time(any WritableKeyPath<SynthesisOptions, Int64> & Sendable)
    case count(any WritableKeyPath<SynthesisOptions, Int> & Sendable)
  }

  private static let second: Int64 = 1000
  private static let minute: Int64 = 60 * second
  private static let hour: Int64 = 60 * minute
}
