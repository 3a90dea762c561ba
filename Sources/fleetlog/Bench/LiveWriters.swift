import Foundation

/// Sessions at work: each appends whole lines to a transcript of its own.
final class LiveWriters {
  private struct Writer {
    let session: String
    let path: String
    let descriptor: Int32
    /// Bytes of the file so far.
    var offset: Int64
    var lines: ArraySlice<ArraySlice<UInt8>>
  }

  private var writers: [Writer] = []
  /// When each line was given to the kernel.
  private(set) var appended: [LiveFollower.Line: ContinuousClock.Instant] = [:]
  /// How many prompts, replies, calls and results all the lines hold.
  private(set) var spoken = 0

  var sessions: Set<String> { Set(writers.map(\.session)) }

  /// Begins the transcripts with a turn each, and thinks out the lines to come.
  ///
  /// - Parameters:
  ///   - lines: about how many each is to append.
  ///   - folder: the fleet's.
  init(_ fleet: BenchFleet, count: Int, lines: Int, in folder: String) throws {
    for var transcript in fleet.sessions(count, at: Clock.now()) {
      transcript.turn(rounds: 2)
      let file = GeneratedFile(
        path: transcript.path, bytes: transcript.record.bytes, modifiedAt: Clock.now())
      try file.write(into: folder)
      transcript.record.removeAll()
      let before = transcript.counts
      while transcript.counts.lines - before.lines < lines { transcript.turn(rounds: 2) }
      spoken += transcript.counts.spoken - before.spoken
      let path = folder + "/" + transcript.path
      let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw Failure("can't append to \(path): \(String(cString: strerror(errno)))")
      }
      let pieces = transcript.record.bytes.split(separator: UInt8(ascii: "\n"))
      writers.append(
        Writer(
          session: transcript.id, path: path, descriptor: descriptor,
          offset: Int64(file.bytes.count), lines: pieces[...]))
    }
  }

  deinit { for writer in writers { close(writer.descriptor) } }

  /// Appends every line, the writers in turn, with `pause` between two lines.
  func work(pause: Duration) throws {
    var due = ContinuousClock.now
    while writers.contains(where: { !$0.lines.isEmpty }) {
      for index in writers.indices {
        try append(index)
        due += pause
        let wait = due - ContinuousClock.now
        if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
      }
    }
  }

  private func append(_ index: Int) throws {
    guard let line = writers[index].lines.popFirst() else { return }
    let place = LiveFollower.Line(
      session: writers[index].session, offset: writers[index].offset)
    appended[place] = ContinuousClock.now
    guard (line + [UInt8(ascii: "\n")]).write(to: writers[index].descriptor) else {
      throw Failure(
        "can't append to \(writers[index].path): \(String(cString: strerror(errno)))")
    }
    writers[index].offset += Int64(line.count) + 1
  }
}

extension FleetCounts {
  /// What was said and done.
  var spoken: Int { prompts + replies + toolCalls + toolResults }
}
