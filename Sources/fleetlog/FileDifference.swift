import FleetlogEvents

/// What an edit would change in a file that is somebody else's, as a terminal shows it.
enum FileDifference {
  static func show(from old: [UInt8], to new: [UInt8]) {
    let lines = LineDifference.lines(
      from: String(decoding: old, as: UTF8.self), to: String(decoding: new, as: UTF8.self),
      isWhole: true)
    for line in lines {
      Terminal.print(Terminal.safe(line.sign == .gap ? "…" : "\(line.sign.rawValue) \(line.text)"))
    }
  }
}
