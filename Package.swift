// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["FleetlogTestSupport"], swiftSettings: strict)
}

func debian(_ name: String, _ pkgConfig: String, _ package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
  name: "fleetlog",
  products: [
    // What a person calls, and what that becomes for every verb but `run`: see FleetlogLauncher.
    .executable(name: "fleetlog", targets: ["FleetlogLauncher"]),
    .executable(name: "fleetlog-program", targets: ["fleetlog"]),
    .library(name: "FleetlogClient", targets: ["FleetlogClient"]),
  ],
  targets: [
    debian("CSQLite", "sqlite3", "libsqlite3-dev"),
    debian("CMicrohttpd", "libmicrohttpd", "libmicrohttpd-dev"),
    debian("CZlib", "zlib", "zlib1g-dev"),
    debian("CZstd", "libzstd", "libzstd-dev"),
    debian("CNettle", "nettle", "nettle-dev"),
    .systemLibrary(name: "CMalloc"),
    debian("CCmark", "libcmark-gfm", "libcmark-gfm-extensions-dev"),

    library("FleetlogEvents"),
    library("FleetlogThreads"),
    library(
      "FleetlogIngest", ["FleetlogEvents", "FleetlogThreads", "CNettle", "CSQLite", "CZstd"]),
    library("FleetlogDerive", ["FleetlogEvents"]),
    library("FleetlogStore", ["FleetlogEvents", "FleetlogThreads", "CNettle", "CSQLite", "CZstd"]),
    library("FleetlogClient", ["FleetlogEvents"]),
    library("FleetlogRun", ["FleetlogEvents", "FleetlogClient", "FleetlogThreads"]),
    library(
      "FleetlogDirect",
      [
        "FleetlogClient", "FleetlogDerive", "FleetlogEvents", "FleetlogIngest", "FleetlogStore",
        "FleetlogThreads",
      ]),
    library(
      "FleetlogWeb",
      [
        "FleetlogEvents", "FleetlogStore", "FleetlogThreads", "CCmark", "CMicrohttpd", "CNettle",
        "CZlib",
      ]),
    .executableTarget(
      name: "fleetlog",
      dependencies: [
        "FleetlogClient", "FleetlogDerive", "FleetlogDirect", "FleetlogEvents", "FleetlogIngest",
        "FleetlogRun", "FleetlogStore", "FleetlogThreads", "FleetlogWeb", "CMalloc",
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "FleetlogLauncher", dependencies: ["FleetlogClient", "FleetlogDirect", "FleetlogRun"],
      swiftSettings: strict,
      // Without a dynamic loader a run begins a millisecond earlier. This linker does not warn of what
      // Swift's runtime could load and never does.
      linkerSettings: [
        .unsafeFlags(["-static-executable", "-use-ld=lld"], .when(configuration: .release))
      ]),
    .executableTarget(
      name: "fleetlog-example", dependencies: ["FleetlogClient"],
      path: "Packaging/examples/swift", swiftSettings: strict),

    .target(
      name: "FleetlogTestSupport",
      dependencies: [
        "FleetlogEvents", "FleetlogIngest", "FleetlogDerive", "FleetlogStore", "CSQLite", "CZstd",
      ],
      path: "Tests/Support", swiftSettings: strict),
    tests("FleetlogEventsTests", ["FleetlogEvents"]),
    tests("FleetlogIngestTests", ["FleetlogEvents", "FleetlogIngest"]),
    tests("FleetlogDeriveTests", ["FleetlogEvents", "FleetlogDerive"]),
    tests("FleetlogRunTests", ["FleetlogClient", "FleetlogRun"]),
    tests(
      "FleetlogDirectTests",
      [
        "FleetlogDerive", "FleetlogDirect", "FleetlogEvents", "FleetlogIngest", "FleetlogStore",
        "FleetlogThreads",
      ]),
    tests("FleetlogStoreTests", ["FleetlogDerive", "FleetlogEvents", "FleetlogStore"]),
    tests(
      "FleetlogWebTests",
      ["FleetlogEvents", "FleetlogDerive", "FleetlogStore", "FleetlogThreads", "FleetlogWeb"]),
    tests(
      "FleetlogTests",
      [
        "fleetlog", "fleetlog-example", "FleetlogDerive", "FleetlogEvents", "FleetlogIngest",
        "FleetlogStore", "FleetlogThreads", "FleetlogWeb",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// A fuzzer has no main of its own, so it can't be part of a plain build: see Tests/Fuzz/run.
if Context.environment["FLEETLOG_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fleetlog-fuzz",
      dependencies: [
        "FleetlogEvents", "FleetlogIngest", "FleetlogStore", "FleetlogTestSupport", "FleetlogWeb",
      ],
      path: "Tests/Fuzz", exclude: ["Seeds", "run"], sources: ["FuzzTargets.swift"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
