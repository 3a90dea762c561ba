import Glibc

/// A terminal of our own between the command and the terminal that a person looks at.
struct PseudoTerminal: Sendable {
  /// Our end.
  let master: Int32
  /// The command's end, kept open until the command has opened it.
  let slave: Int32
  let path: String
  /// The person's terminal, whose size is followed.
  private let outer: Int32

  /// - Parameters:
  ///   - outer: the terminal that is shown to a person.
  ///   - isPlain: whether bytes go through as they are, since the outer terminal does the rest.
  /// - Returns: nil where there is none to be had.
  static func open(for outer: Int32, isPlain: Bool) -> PseudoTerminal? {
    var size = winsize()
    var settings = termios()
    guard tcgetattr(outer, &settings) == 0 else { return nil }
    if isPlain { settings.c_oflag &= ~tcflag_t(OPOST) }
    _ = ioctl(outer, UInt(TIOCGWINSZ), &size)
    var ends: (master: Int32, slave: Int32) = (-1, -1)
    var name = [CChar](repeating: 0, count: 128)
    guard openpty(&ends.master, &ends.slave, &name, &settings, &size) == 0 else { return nil }
    for end in [ends.master, ends.slave] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let path = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return PseudoTerminal(master: ends.master, slave: ends.slave, path: path, outer: outer)
  }

  /// Takes over the size of the person's terminal, which tells the command of it.
  func resize() {
    var size = winsize()
    guard ioctl(outer, UInt(TIOCGWINSZ), &size) == 0 else { return }
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }
}

/// The person's terminal while its keys go to the command unread.
final class RawTerminal {
  private let descriptor: Int32
  private var before = termios()
  private var isRaw = false

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func enter() {
    guard !isRaw, tcgetattr(descriptor, &before) == 0 else { return }
    var raw = before
    cfmakeraw(&raw)
    isRaw = tcsetattr(descriptor, TCSADRAIN, &raw) == 0
  }

  /// Gives the terminal back as it was found.
  func leave() {
    guard isRaw else { return }
    isRaw = false
    tcsetattr(descriptor, TCSADRAIN, &before)
  }

  /// Whether this process may change the terminal: one in the background would be stopped.
  static func isOurs(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && tcgetpgrp(descriptor) == getpgrp()
  }
}
