extension StoredEvent {
  /// The pull request that a person is to look at, where the worker is done and asks for an action.
  /// Such a completion is shown as a needed review; in the log it stays a completion.
  package var review: ArtifactReference? {
    guard type == .completed, operatorActionRequired else { return nil }
    return ArtifactReference.list(artifactRefs).first { $0.kind == "github_pr" }
  }
}

extension ArtifactReference {
  /// What people call it by: `#482` for a pull request whose number is known, else its name.
  package var handle: String {
    let last = url?.split(separator: "/").last.map(String.init)
    for number in [ref, last].compactMap(\.self) {
      let digits = number.hasPrefix("#") ? number.dropFirst() : number[...]
      if !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) { return "#" + digits }
    }
    return ref ?? title ?? url ?? "pull request"
  }
}
