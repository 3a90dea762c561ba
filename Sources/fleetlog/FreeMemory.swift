import CMalloc

/// What the process has freed and its allocator keeps: after a piece of work that takes much, that
/// is tens of megabytes for each thread that was at it, for as long as the process lives.
enum FreeMemory {
  /// Returns it to the system. Takes about a millisecond for each 10 MB, and what is needed again
  /// must be asked for again: for when much work is done.
  static func giveBack() { malloc_trim(0) }
}
