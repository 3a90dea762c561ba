import FleetlogEvents
import FleetlogStore
import Foundation

/// The machine that figures are of, and the versions.
struct BenchMachine: Sendable {
  let processor: String
  let cores: Int
  /// Bytes.
  let memory: Int64
  let kernel: String
  let sqlite: String
  let fleetlog: String
  /// Processes that waited or ran in the last minute before the measurement, on average: above
  /// none, other work was in the way.
  let load: Double

  static func this() -> BenchMachine {
    var system = utsname()
    uname(&system)
    let release = withUnsafeBytes(of: &system.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    var loads = [0.0]
    getloadavg(&loads, 1)
    return BenchMachine(
      processor: field("model name", of: "/proc/cpuinfo") ?? "an unnamed processor",
      cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
      memory: Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))),
      kernel: release, sqlite: EventLog.sqliteVersion, fleetlog: Fleetlog.version, load: loads[0])
  }

  private static func field(_ name: String, of file: String) -> String? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let colon = line.firstIndex(of: ":")
    else { return nil }
    return String(line[colon...].dropFirst(2))
  }

  var sentence: String {
    let gigabytes = (memory + (1 << 29)) >> 30
    return "\(processor), \(cores) cores, \(gigabytes) GB, Linux \(kernel), SQLite \(sqlite), "
      + "Fleetlog \(fleetlog), load before \(Int((load * 10).rounded()) / 10)"
  }

  var json: JSONObject {
    var object = JSONObject()
    object.set("processor", processor)
    object.set("cores", cores)
    object.set("memory_bytes", memory)
    object.set("kernel", kernel)
    object.set("sqlite", sqlite)
    object.set("fleetlog", fleetlog)
    object.set("load_before", load)
    return object
  }
}
