import Glibc

/// Wakes a thread that sleeps, from any other thread. Raised twice before it is seen, it wakes
/// once.
///
/// A pipe and not a condition variable, since one thread has to sleep on this and on the kernel's
/// notices at the same time.
package final class WakeSignal: Sendable {
  let descriptor: Int32
  private let input: Int32

  package init() {
    var ends: [Int32] = [-1, -1]
    // Without descriptors left the signal is mute: sleepers then wake every second.
    _ = pipe(&ends)
    for end in ends where end >= 0 {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    input = ends[1]
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if input >= 0 { close(input) }
  }

  package func raise() {
    var byte: UInt8 = 1
    _ = write(input, &byte, 1)
  }

  /// Sleeps until the signal is raised, `other` has something to read or the time is over.
  ///
  /// - Parameter timeoutMs: nil sleeps without end.
  package func wait(timeoutMs: Int?, orReadable other: Int32? = nil) {
    var waits = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
    if let other { waits.append(pollfd(fd: other, events: Int16(POLLIN), revents: 0)) }
    let longest = descriptor < 0 ? 1000 : Int(Int32.max)
    let timeout = min(max(0, timeoutMs ?? longest), longest)
    _ = poll(&waits, nfds_t(waits.count), timeoutMs == nil && descriptor >= 0 ? -1 : Int32(timeout))
    if waits[0].revents != 0 { drain() }
  }

  private func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(descriptor, &bytes, bytes.count) == bytes.count {}
  }
}
