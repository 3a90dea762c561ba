import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

/// A dashboard over a log of its own.
struct DashboardBench {
  let log: TemporaryLog
  let dashboard: Dashboard

  init(drafts: [EventDraft] = [], program: ServingProgram = ServingProgram()) throws {
    log = try TemporaryLog()
    try log.append(drafts)
    let reader = try log.reader()
    dashboard = try Dashboard(
      log: reader, live: LiveHub(log: reader, now: { TemporaryLog.recordedAt }),
      kit: .ofThisPackage(), now: { TemporaryLog.recordedAt }, program: program)
  }

  func ask(_ target: String, method: HTTPMethod = .get, accept: String? = nil) throws
    -> HTTPResponse
  {
    let parsed = try RequestTarget(Array(target.utf8))
    var headers = HTTPHeaders()
    headers["Accept"] = accept
    let request = HTTPRequest(
      method: method, path: parsed.path, segments: parsed.segments, query: parsed.query,
      headers: headers)
    switch dashboard.reply(to: request) {
    case .now(let response): return response
    case .queued(let answer):
      var response = answer()
      if let stream = response.stream { response.body = stream.gather() }
      return response
    case .later, .stream:
      Issue.record("\(target) is answered later")
      return .text("")
    }
  }

  func json(_ target: String) throws -> JSONValue {
    try JSONDocument(try ask(target).body).root
  }
}

extension HTTPStream {
  /// All its pieces, where it needs no waking.
  fileprivate func gather() -> [UInt8] {
    var bytes: [UInt8] = []
    while case .bytes(let piece) = next() { bytes += piece }
    return bytes
  }
}
