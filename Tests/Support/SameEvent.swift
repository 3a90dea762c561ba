package import FleetlogEvents

/// Tests compare events whole; the program never does.
extension StoredEvent: Equatable {
  package static func == (left: StoredEvent, right: StoredEvent) -> Bool {
    left === right || left.fields == right.fields
  }

  private var fields: [String] {
    Mirror(reflecting: self).children.map { "\($0.label ?? ""): \($0.value)" }
  }
}
