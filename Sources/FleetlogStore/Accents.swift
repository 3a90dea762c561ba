// The standard library takes text apart for its own comparisons, and does not offer it to others yet.
// Foundation does, and takes longer to load than many a command that `fleetlog run` starts.
@_spi(_Unicode) import Swift

extension String {
  /// The text without accents and other marks, as far as Unicode has them as characters of their own.
  var withoutAccents: String {
    var text = String.UnicodeScalarView()
    for scalar in _nfd where scalar.properties.generalCategory != .nonspacingMark {
      text.append(scalar)
    }
    return String(text)
  }
}
