import Glibc

/// `fleetlog serve` over some folders, as a child.
final class ServingChild {
  let program: ChildProgram
  let port: Int
  private let started: ContinuousClock.Instant

  init(_ folders: [String], database: String, bench: Bench) throws {
    started = ContinuousClock.now
    program = try ChildProgram(
      ["serve"] + folders + ["--db", database, "--port", "0"] + bench.assets, folder: bench.folder)
    guard let line = program.line(),
      let port = line.split(separator: ":").last.flatMap({ Int($0.dropLast()) })
    else {
      try program.wait()
      throw Failure("fleetlog serve did not say where it is")
    }
    self.port = port
  }

  /// Seconds since it was started.
  var age: Double { Stopwatch.seconds(since: started) }

  func usage() throws -> ChildProgram.Usage {
    guard let usage = program.usage else {
      try program.wait()
      throw Failure("fleetlog serve ended by itself")
    }
    return usage
  }

  /// Waits until it has nothing left to do.
  func settle() throws {
    var last = -1.0
    _ = try Stopwatch.wait(1800, for: "fleetlog serve to come to rest") { () -> Bool? in
      let used = try usage().processor
      defer { last = used }
      if last >= 0, used - last < 0.004 { return true }
      usleep(500_000)
      return nil
    }
  }
}
