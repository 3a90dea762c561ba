import FleetlogEvents

/// How transcripts are read, the same for every lane and for what commits their portions.
struct ReadingRules: Sendable {
  let cap: TextCap
  /// Which of the files that have not been read come first.
  var order = ReadingQueue.Order.asTaken
  /// Which of them are not to be read.
  var exclusion = Exclusion.none
}
