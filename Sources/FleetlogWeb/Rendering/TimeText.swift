import FleetlogEvents

/// One moment as `<time>`: UTC from the server, rewritten to the viewer's zone by the script.
struct TimeText: TemplateContext {
  enum Form: String, Sendable {
    /// The time of day, with the date where it is not that of `now`.
    case clock
    /// How long before `now`; the script keeps it ticking.
    case age
    /// The time of day alone, where the date stands nearby.
    case time
    case day
    /// Date and time in full.
    case full
    /// The same with the zone that it is told in.
    case zoned
  }

  let iso: String
  let text: String
  let form: Form

  /// - Parameters:
  ///   - ms: since the Unix epoch.
  ///   - now: the moment of the request, in the same unit.
  init(_ ms: Int64, now: Int64, as form: Form = .clock) {
    iso = Timestamp.format(ms)
    self.form = form
    switch form {
    case .clock: text = Self.clock(iso, now: Timestamp.format(now))
    case .age: text = Self.age(ms, now: now) ?? Self.clock(iso, now: Timestamp.format(now))
    case .time: text = Self.time(iso)
    case .day: text = "\(Self.date(iso)) \(Self.day(iso).year)"
    case .full: text = Self.full(iso)
    case .zoned: text = Self.full(iso) + " UTC"
    }
  }

  static let slots: [Slot<TimeText>] = [
    .text("iso", \.iso),
    .text("exact") { $0.iso.replacing("T", with: " ").replacing("Z", with: " UTC") },
    .text("text", \.text),
    .text("form", \.form.rawValue),
  ]

  /// nil beyond a day, where a date says more.
  private static func age(_ ms: Int64, now: Int64) -> String? {
    let age = now - ms
    guard age > -60_000, age < 86_400_000 else { return nil }
    return age < 1000 ? "now" : Wording.duration(max(1, age / 1000) * 1000)
  }

  private static func clock(_ iso: String, now: String) -> String {
    if iso.prefix(10) == now.prefix(10) { return time(iso) }
    let year = day(iso).year == day(now).year ? "" : " \(day(iso).year)"
    return "\(date(iso))\(year) \(iso.dropFirst(11).prefix(5))"
  }

  private static func time(_ iso: String) -> String { String(iso.dropFirst(11).prefix(8)) }

  private static func full(_ iso: String) -> String {
    "\(date(iso)) \(day(iso).year), \(time(iso))"
  }

  static func date(_ iso: String) -> String {
    let parts = day(iso)
    return "\(parts.day) \(months[(parts.month - 1 + 12) % 12])"
  }

  static func day(_ iso: String) -> (year: String, month: Int, day: Int) {
    let parts = iso.prefix { $0 != "T" }.split(separator: "-")
    guard parts.count == 3 else { return (String(iso.prefix(4)), 1, 1) }
    return (String(parts[0]), Int(parts[1]) ?? 1, Int(parts[2]) ?? 1)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
