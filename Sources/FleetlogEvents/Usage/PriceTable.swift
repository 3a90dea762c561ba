/// What model calls cost, by model and date: read from a price file, which an operator may replace.
package struct PriceTable: Sendable {
  /// Why a price file can't be taken.
  package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// Trillionths of a dollar per token: a price per million tokens with six decimals is a whole
  /// number of these.
  package struct Rates: Sendable, Equatable {
    package let input: Int64
    package let output: Int64
    /// nil where the source charges nothing of the kind, or does not say what.
    package let cacheRead: Int64?
    package let cacheWrite: Int64?
    package let cacheWriteHour: Int64?
  }

  /// One line of the price file.
  package struct Price: Sendable, Equatable {
    /// The model's name, which its dated versions share; with `*` at its end, what begins so.
    package let model: String
    /// The first day, since the Unix epoch in UTC.
    package let from: Int64
    package let rates: Rates
    /// What calls whose input passes so many of ``ModelCall/bounds`` cost, if otherwise.
    package let longRates: [Int: Rates]
    /// Where the price was published.
    package let source: String?
  }

  package let prices: [Price]
  /// When the file was last brought up to date, as it says.
  package let updated: String?

  package static let none = PriceTable(prices: [], updated: nil)

  package init(prices: [Price], updated: String?) {
    self.prices = prices
    self.updated = updated
  }

  // MARK: Asking

  /// The price of a model on a day; nil where the file has none.
  package func price(of model: String, on day: Int64) -> Price? {
    var best: Price?
    var precision = -1
    for price in prices {
      guard let match = Self.precision(of: price.model, for: model), match >= precision else {
        continue
      }
      // A more precise name rules, even where it has no price for the day.
      if match > precision { best = nil }
      precision = match
      guard price.from <= day, price.from >= best?.from ?? Int64.min else { continue }
      best = price
    }
    return best
  }

  /// How precisely a name of the price file says which model it is; nil where it is another.
  private static func precision(of name: String, for model: String) -> Int? {
    if name == model { return Int.max }
    if name.hasSuffix("*") {
      return model.hasPrefix(name.dropLast()) ? name.utf8.count - 1 : nil
    }
    guard model.hasPrefix(name), isDate(model.dropFirst(name.count)) else { return nil }
    return name.utf8.count
  }

  /// `-20250514`, `@20250514`, `-2025-05-14`, `-latest`.
  private static func isDate(_ suffix: Substring) -> Bool {
    guard let mark = suffix.first, mark == "-" || mark == "@" else { return false }
    let rest = suffix.dropFirst()
    if rest == "latest" { return true }
    let digits = rest.filter { $0 != "-" }
    return digits.utf8.count == 8 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && (rest.utf8.count == 8 || rest.utf8.count == 10)
  }

  /// What a share of usage costs; nil where that is not known.
  package func cost(of share: UsageShare) -> Money? {
    guard let price = price(of: share.model, on: share.day) else { return nil }
    let long = price.longRates.filter { $0.key <= share.band }.max { $0.key < $1.key }
    return Self.cost(of: share.usage, at: long?.value ?? price.rates)
  }

  private static func cost(of usage: TokenUsage, at rates: Rates) -> Money? {
    var sum: Int128 = 0
    let parts: [(Int, Int64?)] = [
      (usage.input, rates.input), (usage.output, rates.output),
      (usage.cacheRead, rates.cacheRead),
      (usage.cacheWrite - usage.cacheWriteHour, rates.cacheWrite),
      (usage.cacheWriteHour, rates.cacheWriteHour),
    ]
    for (tokens, rate) in parts where tokens != 0 {
      guard let rate else { return nil }
      sum += Int128(tokens) * Int128(rate)
    }
    return Money(picodollars: sum)
  }

  package func cost(of shares: some Sequence<UsageShare>) -> Cost {
    var cost = Cost()
    for share in shares where share.usage.tokens > 0 {
      if let money = self.cost(of: share) {
        cost.money += money
        cost.pricedTokens += share.usage.tokens
      } else {
        cost.unpricedTokens += share.usage.tokens
        cost.unpricedModels.insert(share.model)
      }
    }
    return cost
  }

  // MARK: Reading

  /// Reads a price file.
  ///
  /// - Parameter place: the file's path, for what can't be taken.
  package init(json bytes: [UInt8], place: String) throws(Failure) {
    func refuse(_ why: String) -> Failure {
      Failure(description: "can't take the price file \(place): \(why)")
    }
    guard let root = try? JSONDocument(bytes).root, root["prices"]?.isArray == true else {
      throw refuse("it must be a JSON object with an array \"prices\"")
    }
    var prices: [Price] = []
    for (index, value) in (root["prices"]?.elements ?? []).enumerated() {
      let name = value["model"]?.string ?? ""
      let place = "price \(index + 1)" + (name.isEmpty ? "" : ", \(name),")
      guard !name.isEmpty else { throw refuse("\(place) needs a \"model\"") }
      guard let from = value["from"]?.string.flatMap(Self.day) else {
        throw refuse("\(place) needs \"from\", a day such as \"2025-05-22\"")
      }
      var longRates: [Int: Rates] = [:]
      do throws(BadRate) {
        for (index, bound) in ModelCall.bounds.enumerated() {
          guard let long = value["over_\(bound / 1000)k"], !long.isNull else { continue }
          longRates[index + 1] = try Rates(long)
        }
        prices.append(
          Price(
            model: name, from: from, rates: try Rates(value), longRates: longRates,
            source: value["source"]?.string))
      } catch {
        throw refuse(
          "\(place) has no \"\(error.key)\" in dollars per million tokens, such as 3 or 0.075")
      }
    }
    self.prices = prices
    updated = root["updated"]?.string
  }

  private static func day(_ text: String) -> Int64? {
    guard text.utf8.count == 10, let ms = Timestamp.parse(text + "T00:00:00Z") else { return nil }
    return ms / 86_400_000
  }
}

/// What something cost, as far as the price file knows its models.
package struct Cost: Sendable, Equatable {
  package var money = Money.zero
  package var pricedTokens = 0
  package var unpricedTokens = 0
  package var unpricedModels: Set<String> = []

  package init() {}

  package var isKnown: Bool { pricedTokens > 0 }
  package var isWhole: Bool { unpricedTokens == 0 }
}

private struct BadRate: Error {
  let key: String
}

extension PriceTable.Rates {
  fileprivate init(_ value: JSONValue) throws(BadRate) {
    func rate(_ key: String) throws(BadRate) -> Int64? {
      guard let number = value[key], !number.isNull else { return nil }
      guard number.kind == .number, let rate = Self.picodollars(number.source) else {
        throw BadRate(key: key)
      }
      return rate
    }
    guard let input = try rate("input") else { throw BadRate(key: "input") }
    guard let output = try rate("output") else { throw BadRate(key: "output") }
    self.init(
      input: input, output: output, cacheRead: try rate("cache_read"),
      cacheWrite: try rate("cache_write_5m"), cacheWriteHour: try rate("cache_write_1h"))
  }

  /// Dollars per million tokens, up to 6 decimals and 10,000 dollars, from its digits.
  private static func picodollars(_ text: String) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int64(parts[0]), (0...10_000).contains(whole) else {
      return nil
    }
    let fraction = parts.count == 2 ? parts[1] : "0"
    guard (1...6).contains(fraction.utf8.count),
      fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let millionths = Int64(fraction + String(repeating: "0", count: 6 - fraction.utf8.count))
    else { return nil }
    return whole * 1_000_000 + millionths
  }
}
