import Dispatch
import FleetlogEvents
import FleetlogThreads
import Foundation

/// A fleet of transcripts that does not exist, as large as asked: one seed, one fleet, byte for byte.
struct BenchFleet: Sendable {
  let seed: UInt64
  /// Tells the parts of a growing archive apart.
  let part: String

  /// What was written.
  struct Written: Sendable {
    var counts = FleetCounts()
    /// The session in which most was said and done.
    var longest = (session: "", spoken: 0)
  }

  static let projects = [
    "ledger", "payments", "atlas", "web-shop", "notes", "compiler", "importer", "mobile",
  ]

  /// Sessions began within ninety days up to this time, in ms since the Unix epoch: fixed, since
  /// the same fleet is to come out on another day.
  private static let end: Int64 = 1_780_000_000_000
  private static let span: Int64 = 90 * 86_400_000

  /// Lines of a session that gives more than 5,000 events; fleets below so many bytes have none.
  private static let linesOfLongSession = 3500
  private static let bytesWithLongSession = 40 << 20

  /// Writes a fleet of about so many bytes, in files of very different sizes.
  func write(_ bytes: Int, into folder: String) throws -> Written {
    var random = DemoRandom(seed: seed, part)
    var plans: [Plan] = []
    var left = bytes
    if bytes >= Self.bytesWithLongSession {
      plans.append(Plan(lines: Self.linesOfLongSession, bytes: 0))
      left -= 8 << 20
    }
    while left > 0 {
      let size = min(TextLengths.sessions.draw(&random), left)
      plans.append(Plan(lines: 0, bytes: size))
      left -= size
    }
    return try write(plans, into: folder)
  }

  /// Writes so many short transcripts.
  func write(files: Int, into folder: String) throws -> Written {
    try write(Array(repeating: Plan(lines: 0, bytes: 1), count: files), into: folder)
  }

  /// Sessions that are under way, one of Codex to two of Claude Code; each works alone.
  ///
  /// - Parameter time: ms since the Unix epoch.
  func sessions(_ count: Int, at time: Int64) -> [any GeneratedTranscript] {
    (0..<count).map {
      transcript("live \($0)", isClaude: $0 % 3 != 2, delegates: false, at: time + Int64($0))
    }
  }

  private struct Plan: Sendable {
    /// A session goes on until it has so many of both.
    let lines: Int
    let bytes: Int
  }

  private func transcript(
    _ name: String, isClaude: Bool, delegates: Bool = true, at time: Int64
  ) -> any GeneratedTranscript {
    var random = DemoRandom(seed: seed, part + "/" + name)
    let project = random.pick(Self.projects)
    guard isClaude else { return GeneratedCodex(project: project, random: random, at: time) }
    var session = GeneratedClaude(project: project, random: random, at: time)
    session.delegates = delegates
    return session
  }

  private func write(_ plans: [Plan], into folder: String) throws -> Written {
    let written = Monitor(Written())
    let failure = Monitor<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: plans.count) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do {
        let (counts, session) = try write(plans[index], number: index, into: folder)
        written.withLock { written in
          written.counts += counts
          // Independent of which of two equals is finished first.
          if (counts.spoken, session) > (written.longest.spoken, written.longest.session) {
            written.longest = (session, counts.spoken)
          }
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return written.withLock { $0 }
  }

  private func write(
    _ plan: Plan, number: Int, into folder: String
  ) throws -> (FleetCounts, session: String) {
    var random = DemoRandom(seed: seed, "\(part) \(number)")
    var transcript = transcript(
      "\(number)", isClaude: plan.lines > 0 || random.chance(0.83),
      at: Self.end - Int64(random.next() % UInt64(Self.span)))
    var left = plan.bytes
    repeat {
      let rounds = plan.lines > 0 ? 10 : min(10, max(1, left / 8000))
      transcript.turn(rounds: random.int(1...rounds))
      // Those of its sub-agents are counted already.
      left = plan.bytes - transcript.record.bytes.count - transcript.counts.bytes
    } while transcript.counts.lines < plan.lines || left > 0
    let file = GeneratedFile(
      path: transcript.path, bytes: transcript.record.bytes, modifiedAt: transcript.time)
    for file in transcript.subagents + [file] { try file.write(into: folder) }
    var counts = transcript.counts
    counts.bytes += file.bytes.count
    return (counts, transcript.id)
  }
}

extension GeneratedFile {
  func write(into folder: String) throws {
    let target = folder + "/" + path
    try FileManager.default.createDirectory(
      atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    let descriptor = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    var times = [timespec(), timespec()]
    for index in times.indices {
      times[index].tv_sec = Int(modifiedAt / 1000)
      times[index].tv_nsec = Int(modifiedAt % 1000) * 1_000_000
    }
    guard descriptor >= 0, bytes.write(to: descriptor), futimens(descriptor, times) == 0 else {
      throw Failure(
        "can't write \(target): \(String(cString: strerror(errno))); free space there or name "
          + "another folder with --work")
    }
  }
}

extension Sequence<UInt8> where Self: ContiguousBytes & RandomAccessCollection {
  /// - Returns: false with `errno` where not all could be written.
  func write(to descriptor: Int32) -> Bool {
    withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = UnsafeRawBufferPointer(rebasing: rest).withUnsafeBytes {
          Foundation.write(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }
}
