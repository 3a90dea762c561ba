import FleetlogEvents

/// How much of a file changed beside the file that changed most: added, then removed.
struct ChangeBar {
  let file: DiffSummary.File
  let most: Int

  /// Empty where no lines are known.
  func draw() -> SafeHTML {
    guard let added = file.added, let removed = file.removed, most > 0 else { return .empty }
    var writer = HTMLWriter(reservingCapacity: 300)
    writer.append(#"<svg class="change" width="100%" height="8" role="img" aria-label=""#)
    writer.append(text: "\(Wording.grouped(added)) added, \(Wording.grouped(removed)) removed")
    writer.append(#"">"#)
    let scale = 100 / Double(most)
    let width = Double(added) * scale
    bar("added", 0, width, into: &writer)
    bar("removed", width, Double(removed) * scale, into: &writer)
    writer.append("</svg>")
    return writer.finish()
  }

  private func bar(
    _ name: StaticString, _ x: Double, _ width: Double, into writer: inout HTMLWriter
  ) {
    guard width > 0 else { return }
    writer.append(#"<rect class=""#)
    writer.append(name)
    writer.append(#"" y="1" height="6" x=""#)
    writer.append(number: x)
    writer.append(#"%" width=""#)
    writer.append(number: max(width, 0.5))
    writer.append(#"%"/>"#)
  }
}
