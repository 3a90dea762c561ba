import Dispatch
import FleetlogStore
import FleetlogThreads
import Testing

@testable import FleetlogWeb

@Suite("What requests share")
struct ServerCoreTests {
  private static let body = 4 << 20

  /// A request whose head has been taken, and whose body is to come.
  private func exchange(in core: ServerCore) -> Exchange {
    let exchange = Exchange(target: Array("/".utf8))
    let length = HTTPHeaders.Field(name: "Content-Length", value: "\(Self.body)")
    let host = HTTPHeaders.Field(name: "Host", value: "localhost")
    _ = core.begin(
      exchange,
      head: RequestHead(
        method: .post, target: exchange.target, version: "HTTP/1.1", fields: [host, length],
        isIntact: true, peer: "127.0.0.1"))
    return exchange
  }

  @Test("Bodies that come at one moment don't take the same room")
  func bodyRoom() throws {
    var configuration = HTTPServer.Configuration()
    configuration.bodyMemory = Self.body
    let core = try ServerCore(
      configuration: configuration,
      names: HostNames(address: "127.0.0.1", port: 80, allowed: [], publicOrigins: []),
      workers: WorkerPool(count: 1), desk: StreamDesk(limit: 1)
    ) { _ in .now(.text("")) }
    defer { core.stopWorkers(by: Moment(after: .milliseconds(50))) }
    let piece = [UInt8](repeating: 0x78, count: Self.body)
    for _ in 0..<20 {
      let exchanges = (0..<4).map { _ in exchange(in: core) }
      DispatchQueue.concurrentPerform(iterations: exchanges.count) { number in
        piece.withUnsafeBytes { _ = core.receive(exchanges[number], bytes: $0) }
      }
      #expect(exchanges.map(\.kept).reduce(0, +) == Self.body)
      for exchange in exchanges { core.end(exchange) }
    }
  }
}
