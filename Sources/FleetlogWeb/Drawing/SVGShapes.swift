extension HTMLWriter {
  /// A coordinate: two decimals, without an exponent.
  mutating func append(number value: Double) {
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
    var text = (hundredths < 0 ? "-" : "") + String(whole)
    if rest.isMultiple(of: 10) {
      if rest > 0 { text += ".\(rest / 10)" }
    } else {
      text += rest < 10 ? ".0\(rest)" : ".\(rest)"
    }
    append(text: text)
  }

  /// A rectangle; across in percent of the drawing's width, down in px.
  mutating func rectangle(
    _ name: StaticString, x: Double, y: Double, width: Double, height: Double
  ) {
    append(#"<rect class=""#)
    append(name)
    append(#"" x=""#)
    append(number: x)
    append(#"%" y=""#)
    append(number: y)
    append(#"" width=""#)
    append(number: width)
    append(#"%" height=""#)
    append(number: height)
    append(#""/>"#)
  }
}
