import FleetlogClient
import Glibc
import Testing

@Suite("Where a process logs to")
struct LogPlacesTests {
  @Test("without a word in the environment, below the home that the machine knows for the user")
  func home() throws {
    let home = String(cString: try #require(getpwuid(getuid())).pointee.pw_dir)
    #expect(LogPlaces(environment: [:]).database == home + "/.local/share/fleetlog/fleetlog.db")
  }

  @Test("the environment's folders come first, unless they are no whole paths")
  func named() {
    #expect(
      LogPlaces(environment: ["HOME": "/h"]).database == "/h/.local/share/fleetlog/fleetlog.db")
    #expect(
      LogPlaces(environment: ["HOME": "/h", "XDG_DATA_HOME": "/x"]).inbox == "/x/fleetlog/inbox")
    #expect(
      LogPlaces(environment: ["HOME": "/h", "XDG_DATA_HOME": "x"]).runs
        == "/h/.local/share/fleetlog/inbox/runs")
  }
}
