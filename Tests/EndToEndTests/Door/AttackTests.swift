import CLinux
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// Attacks on the sockets: nothing falls over, nobody gets in, and a strategy goes on handling its bars in order.
///
/// `make chaos` runs the long forms: QUANTCELL_GARBAGE_FRAMES on every socket, QUANTCELL_CONNECTIONS to one of them.
@Suite struct AttackTests {
    private static func number(_ variable: String, _ standard: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? standard
    }

    /// Runs an attack while bars come, and checks that a strategy has had each of them once, in order, in one process.
    private func withBystander(
        _ attack: @Sendable (TestManager, NetworkConfig, _ goOn: () throws -> Void) throws -> Void
    )
        async throws
    {
        try await withFolder { folder in
            let network = try NetworkConfig(folder)
            let made = try Program(
                Build.program("quantcell"),
                ["keys", "new"],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            try #require(made.code == 0, "\(made.errors)")
            let manager = try TestManager(try network.text(), in: folder)
            try manager.start(manager.actor, name: "a")
            var bars = 0
            let goOn = {
                bars += 10
                try manager.publish((bars - 9...bars).map(Double.init))
            }
            try goOn()
            _ = try manager.untilSignals(of: "a", bars)
            let before = try manager.status("a")
            try attack(manager, network, goOn)
            try goOn()
            let signals = try manager.untilSignals(of: "a", bars)
            #expect(signals.map { $0["sequence"] } == (1...bars).map { .integer(Int64($0)) })
            let after = try manager.status("a")
            for field in ["state", "pid", "generation", "restarts", "last_error"] {
                #expect(after[field] == before[field], "\(field)")
            }
            #expect(try manager.entries(kind: "command").allSatisfy { $0["who"] == .string("uid:\(geteuid())") })
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    private static let kinds: [(endpoint: String, type: SocketType)] = [
        ("feed", .push), ("publish", .dealer), ("control", .dealer), ("status", .push), ("admin", .dealer),
        ("history", .dealer), ("data", .sub), ("events", .sub),
    ]

    @Test func garbageFramesOnEverySocket() async throws {
        let count = Self.number("QUANTCELL_GARBAGE_FRAMES", 20_000)
        try await withBystander { manager, _, goOn in
            for (endpoint, type) in Self.kinds {
                let sender = try Socket(Context(), type)
                try sender.set(.sendTimeout, 60_000)
                try sender.set(.sendHighWaterMark, 10_000)
                try sender.set(.linger, 60_000)
                // What is answered is not read by whoever floods: the answers must not pile up anywhere.
                try sender.set(.receiveHighWaterMark, 10)
                try sender.connect("ipc://\(manager.runtime)/\(endpoint).sock")
                for number in 0..<count {
                    let noise = Garbage.noise(number % 100, seed: UInt64(number))
                    if type == .sub {
                        // All that a subscriber sends is what it subscribes to.
                        try sender.set(.subscribe, noise)
                        if number >= 100 {
                            try sender.set(
                                .unsubscribe,
                                Garbage.noise((number - 100) % 100, seed: UInt64(number - 100))
                            )
                        }
                    } else {
                        #expect(try sender.send([noise], wait: true), "\(endpoint) took no more after \(number)")
                    }
                    if number % (count / 4) == 0 { try goOn() }
                }
            }
        }
    }

    @Test func connectionsByTheThousandThatSayNothingOrNonsense() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        // The manager is another process, with its own limit: it must live with as many as the test can open.
        let count = min(Self.number("QUANTCELL_CONNECTIONS", 500), Int(limit.rlim_cur) - 300)
        try await withBystander { manager, network, goOn in
            var open: [Int32] = []
            defer { for descriptor in open { close(descriptor) } }
            let greeting: [UInt8] = [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + Garbage.text("CURVE")
            let openings = [[], Garbage.noise(64), greeting, Garbage.text("GET / HTTP/1.1\r\n\r\n"), [0xFF]]
            var refused = 0
            for number in 0..<count {
                let index = number % NetworkConfig.endpoints.count
                let descriptor = NetworkConfig.connect(network.port + index)
                if descriptor < 0 {
                    // The kernel's queue is full, or our descriptors are used up: that is the limit of this attack.
                    refused += 1
                    continue
                }
                open.append(descriptor)
                let bytes = openings[number % openings.count]
                _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if number % max(count / 4, 1) == 0 { try goOn() }
            }
            #expect(open.count > count / 2, "\(refused) were refused")
            // All of them are still there: whoever has keys gets in beside them.
            let local = try manager.cli(
                "list",
                "--connect",
                "tcp://127.0.0.1:\(network.port)",
                "--key-file",
                "\(manager.runtime)/local.key_secret"
            )
            #expect(local.code == 0, "\(local.errors)")
        }
    }

    @Test func aManagerThatRunsOutOfDescriptorsGoesOn() async throws {
        try await withBystander { manager, network, goOn in
            // So few that the attack uses all of them up.
            let limited = try manager.program(
                "/usr/bin/prlimit",
                ["--pid", "\(manager.process.pid)", "--nofile=150:150"]
            ).finish()
            try #require(limited.code == 0, "\(limited.errors)")
            var open: [Int32] = []
            for number in 0..<300 {
                let descriptor = NetworkConfig.connect(network.port + number % NetworkConfig.endpoints.count)
                if descriptor >= 0 { open.append(descriptor) }
                if number % 100 == 0 { _ = try manager.status("a") }
            }
            _ = try manager.status("a")
            for descriptor in open { close(descriptor) }
            try goOn()
        }
    }
}
