extension Connection {
  /// The highest id that an event was given, also where that one was removed; 0 in an empty log.
  func lastEventID() throws(StoreError) -> Int64 {
    try first("SELECT seq FROM sqlite_sequence WHERE name = 'events'") { $0.int(0) } ?? 0
  }

  /// The last event that the full text beside a reader's log knows; 0 where it knows none.
  func lastSearchableID() throws(StoreError) -> Int64 {
    try first("SELECT last_event_id FROM search.watermark") { $0.int(0) } ?? 0
  }

  /// Events that the full text has not taken in yet.
  func searchLag() throws(StoreError) -> Int {
    try Int(max(0, lastEventID() - lastSearchableID()))
  }
}
