import FleetlogTestSupport
import Foundation
import Testing

/// The table is what the house is meant to be; the sources, the manifest and the README are held
/// against it.
@Suite("The layers of the house")
struct LayeringTests {
  /// What a module may import: of ours, of Debian's C libraries, and of what comes with Swift.
  struct Module: CustomTestStringConvertible {
    let name: String
    let ours: Set<String>
    let libraries: Set<String>
    let system: Set<String>

    init(_ name: String, _ ours: Set<String>, _ libraries: Set<String>, _ system: Set<String>) {
      self.name = name
      self.ours = ours
      self.libraries = libraries
      self.system = system
    }

    var testDescription: String { name }
  }

  /// Highest first: each imports only what stands below it. Without a clock, files or threads to
  /// import, what `FleetlogEvents` and `FleetlogDerive` do is pure.
  static let modules = [
    Module(
      "FleetlogLauncher", ["FleetlogClient", "FleetlogDirect", "FleetlogRun"], [], ["Glibc"]),
    Module(
      "fleetlog",
      [
        "FleetlogClient", "FleetlogDerive", "FleetlogDirect", "FleetlogEvents", "FleetlogIngest",
        "FleetlogRun", "FleetlogStore", "FleetlogThreads", "FleetlogWeb",
      ], ["CMalloc"], ["Dispatch", "Foundation", "Glibc", "Synchronization"]),
    Module(
      "FleetlogWeb", ["FleetlogEvents", "FleetlogStore", "FleetlogThreads"],
      ["CCmark", "CMicrohttpd", "CNettle", "CZlib"], ["Glibc"]),
    Module(
      "FleetlogDirect",
      [
        "FleetlogClient", "FleetlogDerive", "FleetlogEvents", "FleetlogIngest", "FleetlogStore",
        "FleetlogThreads",
      ], [], ["Glibc"]),
    Module(
      "FleetlogStore", ["FleetlogEvents", "FleetlogThreads"], ["CNettle", "CSQLite", "CZstd"],
      ["Glibc", "Swift", "Synchronization"]),
    Module(
      "FleetlogRun", ["FleetlogClient", "FleetlogEvents", "FleetlogThreads"], [],
      ["Glibc", "Synchronization"]),
    Module("FleetlogClient", ["FleetlogEvents"], [], ["Glibc"]),
    Module(
      "FleetlogIngest", ["FleetlogEvents", "FleetlogThreads"], ["CNettle", "CSQLite", "CZstd"],
      ["Dispatch", "FoundationEssentials", "Glibc"]),
    Module("FleetlogThreads", [], [], ["Glibc"]),
    Module("FleetlogDerive", ["FleetlogEvents"], [], []),
    Module("FleetlogEvents", [], [], []),
  ]

  /// The files, or the one folder, that wrap a C library.
  static let wrappers: [String: Set<String>] = [
    "CCmark": ["FleetlogWeb/Rendering/Markdown.swift"],
    "CMalloc": ["fleetlog/FreeMemory.swift"],
    "CMicrohttpd": ["FleetlogWeb/Server/"],
    "CNettle": [
      "FleetlogIngest/FactKey.swift", "FleetlogStore/KeyDigest.swift",
      "FleetlogWeb/Access/AccessControl.swift", "FleetlogWeb/Export/FileFrame.swift",
    ],
    "CSQLite": [
      "FleetlogIngest/Unroll/ForeignDatabase.swift", "FleetlogStore/Connection.swift",
      "FleetlogStore/Integrity.swift",
    ],
    "CZlib": ["FleetlogWeb/Server/Compression.swift"],
    "CZstd": ["FleetlogIngest/Unroll/ZstdStream.swift", "FleetlogStore/Zstd.swift"],
  ]

  // MARK: The house as it is

  private static let root = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// By file, named from `Sources` on, what it imports.
  private static let imports: [String: Set<String>] = {
    let folder = root.appendingPathComponent("Sources").path
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let pairs = files.filter { $0.hasSuffix(".swift") }.map { file in
      (file, (try? names(in: text("Sources/" + file))) ?? [])
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }()

  private static func names(in source: String) -> Set<String> {
    let statement =
      #/
      ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
      (?:(?:public|package|internal|fileprivate|private)\s+)?
      import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?
      ([A-Za-z_]\w*)
      /#.anchorsMatchLineEndings()
    return Set(source.matches(of: statement).map { String($0.1) })
  }

  private static func imports(of module: String) -> Set<String> {
    imports.filter { $0.key.hasPrefix(module + "/") }.values.reduce(into: []) { $0.formUnion($1) }
  }

  // MARK: Tests

  @Test("An import is found however it is written, and nothing else is taken for one")
  func statements() {
    let source = """
      import A
      package import B
      @testable import C
      @preconcurrency private import struct D.E
      // import F
      let text = "import G"
      important(H)
      """
    #expect(Self.names(in: source) == ["A", "B", "C", "D"])
  }

  @Test("Every folder of Sources is a module of the table, or a C library's")
  func folders() throws {
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: Self.root.appendingPathComponent("Sources").path)
    #expect(Set(folders) == Set(Self.modules.map(\.name)).union(Self.wrappers.keys))
  }

  @Test("Imports point downwards")
  func order() {
    for (place, module) in Self.modules.enumerated() {
      let below = Set(Self.modules[(place + 1)...].map(\.name))
      #expect(module.ours.isSubset(of: below), "\(module.name) imports what stands above it")
    }
  }

  @Test("A module imports what the table says, no more and no less", arguments: modules)
  func sources(_ module: Module) {
    let allowed = module.ours.union(module.libraries).union(module.system)
    let found = Self.imports(of: module.name)
    for name in found.subtracting(allowed) {
      let files = Self.imports.filter { $0.value.contains(name) }.keys
        .filter { $0.hasPrefix(module.name + "/") }.sorted()
      Issue.record("\(module.name) may not import \(name): \(files.joined(separator: ", "))")
    }
    #expect(allowed.subtracting(found) == [], "the table allows what nobody imports")
  }

  @Test("A C library is imported only where it is wrapped", arguments: wrappers.keys.sorted())
  func libraries(_ library: String) throws {
    let places = try #require(Self.wrappers[library])
    let files = Self.imports.filter { $0.value.contains(library) }.keys
    for file in files {
      #expect(places.contains { $0 == file || $0.hasSuffix("/") && file.hasPrefix($0) }, "\(file)")
    }
    for place in places { #expect(files.contains { $0.hasPrefix(place) }, "\(place)") }
  }

  /// Readers of other programs' databases ask those, not the log.
  @Test("SQL over the log stands in FleetlogStore alone")
  func statementsOfSQL() throws {
    let statement = #/(?:^\s*|")(?:SELECT|INSERT|DELETE FROM|UPDATE \w+ SET|PRAGMA) /#
      .anchorsMatchLineEndings()
    let asking = try Self.imports.keys.filter { try Self.text("Sources/" + $0).contains(statement) }
    #expect(!asking.isEmpty)
    let elsewhere = asking.filter {
      !$0.hasPrefix("FleetlogStore/") && !$0.hasPrefix("FleetlogIngest/Unroll/")
    }
    #expect(elsewhere == [])
  }

  /// ThreadSanitizer can't see others, and then tells of races that are none.
  @Test("A lock is a Monitor")
  func locks() throws {
    let lock = #/\b(?:Mutex|NSLock|NSRecursiveLock|pthread_mutex_t|pthread_rwlock_t)\b/#
    let locking = try Self.imports.keys.filter { try Self.text("Sources/" + $0).contains(lock) }
    #expect(locking == ["FleetlogThreads/Monitor.swift"])
  }

  @Test("Package.swift depends on what the table says", arguments: modules)
  func manifest(_ module: Module) throws {
    let target =
      #/
      (?:library\(|executableTarget\(\s*name:)\s*"([\w-]+)"
      (?:,\s*(?:dependencies:\s*)?\[([^\]]*)\])?
      /#
    let targets = try Self.text("Package.swift").matches(of: target)
    let found = try #require(targets.first { $0.1 == module.name }, "there is no such target")
    let names = (found.2 ?? "").matches(of: #/"(\w+)"/#).map { String($0.1) }
    #expect(Set(names) == module.ours.union(module.libraries))
  }

  @Test("The README's table is this one")
  func readme() throws {
    let table = try Self.text("README.md").split(separator: "\n\n")
      .first { $0.hasPrefix("| module | duty | imports |") }
    let rows = try #require(table).matches(
      of: #/^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$/#.anchorsMatchLineEndings())
    #expect(rows.map { String($0.1) } == Self.modules.map(\.name))
    for (place, (row, module)) in zip(rows, Self.modules).enumerated() {
      let imports = row.2.split(separator: ", ").reduce(into: Set<String>()) { imports, word in
        switch word {
        case "all below": imports.formUnion(Self.modules[(place + 1)...].map(\.name))
        case "nothing": break
        default:
          let name = String(word)
          imports.insert(Self.wrappers[name] == nil ? "Fleetlog" + name : name)
        }
      }
      #expect(imports == module.ours.union(module.libraries), "\(module.name)")
    }
  }
}
