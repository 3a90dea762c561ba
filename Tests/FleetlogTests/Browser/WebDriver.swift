import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation

/// One chromedriver process with one headless Chromium, spoken to over HTTP. Everything that they
/// write lies in a folder that goes with them.
final class WebDriver: Sendable {
  /// What the browser, or chromedriver, could not do.
  struct Failure: Error, CustomStringConvertible { let description: String }

  private static let program = ["/usr/bin", "/usr/local/bin"].map { $0 + "/chromedriver" }
    .first(where: FileManager.default.isExecutableFile)

  static let isInstalled = program != nil

  private let port: UInt16
  /// What the paths of the session's commands begin with.
  private let session: String

  private init(port: UInt16, session: String = "") {
    self.port = port
    self.session = session
  }

  /// Runs a body with a browser of its own.
  static func with(_ body: (WebDriver) async throws -> Void) async throws {
    guard let program else { throw Failure(description: "chromedriver is not installed") }
    let folder = try TemporaryFolder.make()
    defer { folder.remove() }
    let process = ChildProcess()
    let output = Pipe()
    // A child inherits the signals that this thread blocks, and these threads block them all.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--default-signal", program, "--port=0"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["TMPDIR": folder.path.text, "HOME": folder.path.text]
    ) { $1 }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let port = try port(announcedIn: output.fileHandleForReading)
    let driver = try WebDriver(port: port).begin()
    // Ending the session ends Chromium; chromedriver's own end would leave it behind.
    defer { _ = try? driver.send("DELETE", "") }
    try await body(driver)
  }

  /// chromedriver takes a free port and says which.
  private static func port(announcedIn output: FileHandle) throws -> UInt16 {
    var text = ""
    while let byte = try output.read(upToCount: 1), !byte.isEmpty {
      text += String(decoding: byte, as: UTF8.self)
      guard text.hasSuffix(".\n"), let mark = text.range(of: " on port ", options: .backwards),
        let port = UInt16(text[mark.upperBound...].dropLast(2))
      else { continue }
      return port
    }
    throw Failure(description: "chromedriver ended before it listened: \(text)")
  }

  private func begin() throws -> WebDriver {
    let answer = try send(
      "POST", "/session",
      #"""
      {"capabilities": {"alwaysMatch": {
        "unhandledPromptBehavior": "ignore", "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {"args": [
          "--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
          "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
          "--window-size=1440,900"
        ]}
      }}}
      """#)
    guard let session = answer["sessionId"]?.string else {
      throw Failure(description: "chromedriver began no session: \(answer.source)")
    }
    return WebDriver(port: port, session: "/session/" + session)
  }

  /// Sends one command of the session and returns the `value` of its answer.
  ///
  /// - Parameter body: JSON.
  @discardableResult
  func send(_ method: String, _ command: String, _ body: String = "{}") throws -> JSONValue {
    let answer = try exchange(
      "\(method) \(session)\(command) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    guard let value = try JSONDocument(answer).root["value"] else {
      throw Failure(description: "\(command) was answered with \(answer)")
    }
    if let error = value["error"]?.string {
      throw Failure(description: "\(command): \(error): \(value["message"]?.string ?? "")")
    }
    return value
  }

  /// Sends a request and returns the body of its answer.
  private func exchange(_ request: String) throws -> String {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    defer { close(socket) }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isConnected = withUnsafeBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { address in
        connect(socket, address.baseAddress, socklen_t(bytes.count)) == 0
      }
    }
    guard isConnected else { throw Failure(description: "chromedriver is gone") }
    try FileHandle(fileDescriptor: socket, closeOnDealloc: false).write(
      contentsOf: Data(request.utf8))
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    // chromedriver keeps the connection open: the answer ends where its length says.
    while true {
      let count = recv(socket, &chunk, chunk.count, 0)
      guard count > 0 else { throw Failure(description: "no answer to \(request.prefix(200))") }
      answer += chunk[..<count]
      if let body = Self.body(of: answer) { return body }
    }
  }

  /// The body of an answer, nil as long as it has not arrived whole.
  private static func body(of answer: [UInt8]) -> String? {
    guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
    let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) }
    guard let length, answer.count - end.upperBound >= length else { return nil }
    return String(decoding: answer[end.upperBound...], as: UTF8.self)
  }

  /// Sends one command of the DevTools protocol.
  @discardableResult
  func devTools(_ command: String, _ parameters: JSONObject) throws -> JSONValue {
    var body = JSONObject()
    body.set("cmd", command)
    body.set("params", parameters)
    return try send("POST", "/goog/cdp/execute", body.text)
  }
}
