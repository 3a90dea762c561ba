import FleetlogEvents
import Foundation
import Testing

/// A screen that pages are looked at on.
struct Screen: Sendable, CustomTestStringConvertible {
  /// CSS pixels.
  var width = 1440
  var isDark = false
  var runsScripts = true
  /// The reader's time zone. Far from UTC by default, so that whatever the script rewrites changes.
  var zone = "Asia/Kolkata"

  static let all: [Screen] = [1440, 1024, 390].flatMap { width in
    [false, true].map { Screen(width: width, isDark: $0) }
  }

  var testDescription: String { "\(width) px, \(isDark ? "dark" : "light")" }
}

/// One tab of the browser, showing pages of one dashboard.
struct Tab {
  let driver: WebDriver
  /// The dashboard's address, without a slash at its end.
  let origin: String
  /// What the browser knows it by.
  let handle: String

  /// Runs a body with a new tab; the one before it goes.
  static func with(
    _ screen: Screen, of driver: WebDriver, at origin: String, _ body: (Tab) throws -> Void
  ) throws {
    let handle = try newHandle(driver)
    try driver.send("DELETE", "/window")
    let tab = Tab(driver: driver, origin: origin, handle: handle)
    try tab.turnTo()
    try tab.setUp(screen)
    try body(tab)
  }

  private static func newHandle(_ driver: WebDriver) throws -> String {
    let new = try driver.send("POST", "/window/new", #"{"type": "tab"}"#)
    return try #require(new["handle"]?.string)
  }

  /// Another tab, which is turned to.
  func opening() throws -> Tab {
    let tab = Tab(driver: driver, origin: origin, handle: try Self.newHandle(driver))
    try tab.turnTo()
    try tab.setUp(Screen())
    return tab
  }

  /// What is asked from here on is asked of this tab.
  func turnTo() throws {
    var target = JSONObject()
    target.set("handle", handle)
    try driver.send("POST", "/window", target.text)
  }

  func close(backTo tab: Tab) throws {
    try turnTo()
    try driver.send("DELETE", "/window")
    try tab.turnTo()
  }

  private func setUp(_ screen: Screen) throws {
    var metrics = JSONObject()
    metrics.set("width", screen.width)
    metrics.set("height", screen.width < 500 ? 844 : 900)
    metrics.set("deviceScaleFactor", 1)
    metrics.set("mobile", screen.width < 500)
    try driver.devTools("Emulation.setDeviceMetricsOverride", metrics)
    var scheme = JSONObject()
    scheme.set("name", "prefers-color-scheme")
    scheme.set("value", screen.isDark ? "dark" : "light")
    // A click that waits for no scrolling would meet what is not there yet.
    var motion = JSONObject()
    motion.set("name", "prefers-reduced-motion")
    motion.set("value", "reduce")
    var media = JSONObject()
    media.set("features", [scheme, motion])
    try driver.devTools("Emulation.setEmulatedMedia", media)
    var zone = JSONObject()
    zone.set("timezoneId", screen.zone)
    try driver.devTools("Emulation.setTimezoneOverride", zone)
    var scripts = JSONObject()
    scripts.set("value", !screen.runsScripts)
    try driver.devTools("Emulation.setScriptExecutionDisabled", scripts)
    try driver.send("POST", "/se/log", #"{"type": "browser"}"#)
  }

  func open(_ path: String) throws {
    var body = JSONObject()
    body.set("url", origin + path)
    try driver.send("POST", "/url", body.text)
  }

  /// Does what leads to another page, and waits until that one is there.
  func arrive(_ action: () throws -> Void) throws {
    try value("window.isLeft = false")
    try action()
    guard try becomes("window.isLeft === undefined && document.readyState === 'complete'") else {
      throw WebDriver.Failure(description: "it stayed at \(try path)")
    }
  }

  /// The address shown, without the origin.
  var path: String {
    get throws {
      let url = try driver.send("GET", "/url").string ?? ""
      return url.hasPrefix(origin) ? String(url.dropFirst(origin.count)) : url
    }
  }

  /// The value of an expression, a promise's when it is kept. Works where the page's own scripts
  /// are off.
  @discardableResult
  func value(_ expression: String) throws -> JSONValue {
    var parameters = JSONObject()
    parameters.set("expression", expression)
    parameters.set("returnByValue", true)
    parameters.set("awaitPromise", true)
    let answer = try driver.devTools("Runtime.evaluate", parameters)
    if let exception = answer["exceptionDetails"] {
      throw WebDriver.Failure(description: "\(expression.prefix(200)): \(exception.source)")
    }
    return try #require(answer["result"]?["value"], "\(expression.prefix(200)) has no value")
  }

  func text(_ expression: String) throws -> String {
    try #require(try value(expression).string, "\(expression.prefix(200)) is no text")
  }

  func texts(_ expression: String) throws -> [String] {
    try value(expression).elements.compactMap(\.string)
  }

  func number(_ expression: String) throws -> Int {
    try #require(try value(expression).int, "\(expression.prefix(200)) is no whole number")
  }

  func holds(_ expression: String) throws -> Bool {
    try value("Boolean(\(expression))").bool == true
  }

  /// Whether an expression comes true, now or before long.
  func becomes(_ expression: String) throws -> Bool {
    for _ in 0..<2500 {
      // While one page gives way to the next there is nothing to ask.
      if (try? holds(expression)) == true { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  /// Clicks as a person does, who first scrolls what lies beneath the line of an import above it:
  /// an element that is covered or not shown can't be.
  func click(_ selector: String) throws {
    let quoted = JSONObject.array(of: [selector])
    _ = try holds("document.querySelector(\(quoted)[0])?.scrollIntoView({block: 'nearest'})")
    try driver.send("POST", "/element/\(try element(selector))/click")
  }

  /// Types into an element; `\n` is Enter.
  func type(_ text: String, into selector: String) throws {
    var body = JSONObject()
    body.set("text", text.replacing("\n", with: "\u{E007}"))
    try driver.send(
      "POST", "/element/\(try element(selector))/value", body.text)
  }

  /// Presses keys one after another, wherever the focus is.
  func press(_ keys: String...) throws {
    let actions = keys.flatMap { key in
      ["keyDown", "keyUp"].map { action in
        var object = JSONObject()
        object.set("type", action)
        object.set("value", Self.keys[key] ?? key)
        return object
      }
    }
    var keyboard = JSONObject()
    keyboard.set("type", "key")
    keyboard.set("id", "keyboard")
    keyboard.set("actions", actions)
    var body = JSONObject()
    body.set("actions", [keyboard])
    try driver.send("POST", "/actions", body.text)
  }

  private static let keys = ["Enter": "\u{E007}", "Escape": "\u{E00C}", "Tab": "\u{E004}"]

  private func element(_ selector: String) throws -> String {
    var body = JSONObject()
    body.set("using", "css selector")
    body.set("value", selector)
    let found = try driver.send("POST", "/element", body.text)
    return try #require(found.members.first?.value.string, "no element is \(selector)")
  }

  /// What the browser complained about since the last time it was asked: errors of scripts,
  /// refusals of the content security policy, what could not be loaded.
  func complaints() throws -> [String] {
    let log = try driver.send("POST", "/se/log", #"{"type": "browser"}"#)
    return log.elements.map { $0["message"]?.string ?? $0.source }
  }
}
