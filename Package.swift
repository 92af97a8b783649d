// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in `make test` and CI; a user's newer compiler only warns.
let strict = Context.environment["QUANTCELL_STRICT"] == "1"

let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "quantcell",
    products: [
        .library(name: "StrategyKit", targets: ["StrategyKit"]),
        .library(name: "ManagerCore", targets: ["ManagerCore", "MarketData", "Supervision", "WireProtocol"]),
        .executable(name: "quantcell", targets: ["quantcell"]),
        .executable(name: "quantcell-manager", targets: ["quantcell-manager"]),
        .executable(name: "quantcell-worker", targets: ["quantcell-worker"]),
        .executable(name: "quantcell-bench", targets: ["quantcell-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // Without pkgConfig: libzmq's asks for flags that SwiftPM refuses with a warning; its headers are on the path.
        .systemLibrary(name: "CZeroMQ"),
        .target(name: "CLinux"),
        .target(name: "Threads", dependencies: ["CLinux"]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ", "CLinux"]),
        .target(name: "Keys", dependencies: ["ZeroMQ"]),
        .target(name: "StrategyKit"),
        .target(name: "WireProtocol"),
        .target(name: "CBroadcastRing"),
        // Without Foundation and ZeroMQ: both ends of the ring use it, the broker and the worker.
        .target(name: "BroadcastRing", dependencies: ["CBroadcastRing"]),
        .target(
            name: "WorkerRuntime",
            dependencies: [
                "StrategyKit", "ZeroMQ", "WireProtocol", "BroadcastRing", "CLinux", "CrashPoints", "Threads",
            ]
        ),
        .target(name: "ProcessControl", dependencies: ["CLinux"]),
        .target(name: "Supervision", dependencies: ["ProcessControl", "WireProtocol"]),
        .target(name: "CrashPoints"),
        .target(name: "PrometheusMetrics", dependencies: [metrics]),
        // Without GRDB and Foundation: the command line verifies a journal, and stays small.
        .target(
            name: "JournalChain",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "EventJournal",
            dependencies: [
                "CrashPoints", "JournalChain", metrics, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        // SQLite's C interface, as GRDB links it: a recorded bar is bound and stepped without anything in between.
        .target(
            name: "MarketRecord",
            dependencies: [
                "WireProtocol", "CrashPoints", "CLinux", "Threads", logging, metrics,
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .target(name: "MarketFiles", dependencies: ["WireProtocol"]),
        .target(
            name: "MarketData",
            dependencies: [
                "ZeroMQ", "WireProtocol", "BroadcastRing", "MarketFiles", "MarketRecord", "CrashPoints", "CLinux",
                logging,
            ]
        ),
        .target(
            name: "ManagerCore",
            dependencies: [
                "ZeroMQ", "Keys", "WireProtocol", "BroadcastRing", "ProcessControl", "Supervision", "EventJournal",
                "MarketFiles", "MarketData", "MarketRecord", "CrashPoints", "CLinux", "PrometheusMetrics", logging,
                metrics,
                .product(name: "Yams", package: "Yams"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "ManagerAPI",
            dependencies: [
                "ManagerCore", "MarketFiles", "WireProtocol", logging, lifecycle,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            // Served as they are; found at run time like the kit.
            exclude: ["Dashboard"]
        ),
        .executableTarget(
            name: "quantcell-manager",
            dependencies: [
                "CLinux", "ManagerAPI", "ManagerCore", "MarketFiles", "WireProtocol", logging, metrics, lifecycle,
                argumentParser,
            ]
        ),
        .executableTarget(
            name: "quantcell",
            dependencies: ["ZeroMQ", "Keys", "WireProtocol", "MarketFiles", "JournalChain", argumentParser]
        ),
        .executableTarget(
            name: "quantcell-worker",
            dependencies: ["ProcessControl", "WorkerRuntime"],
            // A strategy is a shared object that binds to this executable's copy of StrategyKit.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]
        ),
        .executableTarget(
            name: "quantcell-bench",
            // CZeroMQ itself: the floor of a measurement is bare libzmq calls, or bare SQLite.
            dependencies: [
                "CZeroMQ", "ZeroMQ", "WireProtocol", "ProcessControl", "EventJournal", "JournalChain", "MarketFiles",
                "MarketRecord", "CLinux", logging, .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Histogram", package: "hdrhistogram-swift"), argumentParser,
            ]
        ),
        .executableTarget(name: "EmbeddingExample", dependencies: ["ManagerCore", "MarketData", "WireProtocol"]),
        .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ"]),
        .testTarget(name: "KeysTests", dependencies: ["Keys", "ZeroMQ"]),
        .testTarget(name: "WireProtocolTests", dependencies: ["WireProtocol"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        // No test target: code that is not optimised allocates where the product does not. 'make test-allocations' runs it.
        .executableTarget(
            name: "AllocationCheck",
            dependencies: [
                "AllocationCounter", "ManagerCore", "MarketData", "WireProtocol", "WorkerRuntime", "ZeroMQ", logging,
            ],
            path: "Tests/AllocationCheck",
            // It is also the worker of the manager that it checks, as 'quantcell-worker' is.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]
        ),
        .testTarget(
            name: "WorkerRuntimeTests",
            dependencies: ["WorkerRuntime", "StrategyKit", "BroadcastRing", "AllocationCounter"]
        ),
        .testTarget(name: "ProcessControlTests", dependencies: ["ProcessControl", "CLinux"]),
        .testTarget(name: "SupervisionTests", dependencies: ["Supervision"]),
        .testTarget(name: "CrashPointsTests", dependencies: ["CrashPoints"]),
        .testTarget(name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics", metrics]),
        .testTarget(
            name: "EventJournalTests",
            dependencies: ["EventJournal", "JournalChain", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .testTarget(
            name: "MarketRecordTests",
            dependencies: [
                "MarketRecord", "WireProtocol", "CrashPoints", "CLinux", "Threads", logging,
            ]
        ),
        .testTarget(name: "MarketFilesTests", dependencies: ["MarketFiles", "WireProtocol"]),
        .testTarget(
            name: "BroadcastRingTests",
            dependencies: ["BroadcastRing", "CBroadcastRing", "AllocationCounter"]
        ),
        .testTarget(name: "MarketDataTests", dependencies: ["BroadcastRing", "CLinux", "MarketData", "MarketRecord"]),
        .testTarget(
            name: "ManagerCoreTests",
            dependencies: ["ManagerCore", "quantcell-worker", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .testTarget(
            name: "QuantcellTests",
            // The broker: publishers are tested against the one that they talk to.
            dependencies: [
                "quantcell", "ZeroMQ", "WireProtocol", "MarketFiles", "MarketData", "MarketRecord", logging,
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "CLinux", "EventJournal", "Keys", "MarketFiles", "ProcessControl", "WireProtocol", "ZeroMQ",
                "quantcell",
                "quantcell-manager", "quantcell-worker", "EmbeddingExample",
            ]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}
