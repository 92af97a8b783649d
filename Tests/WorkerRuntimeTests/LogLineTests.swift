import StrategyKit
import Testing

@testable import WorkerRuntime

struct LogLineTests {
    @Test func aLineHasTimeLevelAndWorker() {
        let line = LogLine.format(.info, "sma-btc", "text", at: 1_795_209_858_123_456_789)
        #expect(line == "2026-11-20T21:24:18.123456Z INFO  sma-btc: text\n")
    }

    @Test func linesWithinTheTextCannotPassForEntries() {
        let line = LogLine.format(.error, "w", "one\n2026-11-20T21:24:18.000000Z INFO  w: forged\r\nthree", at: 0)
        let expected =
            "1970-01-01T00:00:00.000000Z ERROR w: one\n    2026-11-20T21:24:18.000000Z INFO  w: forged\n    three\n"
        #expect(line == expected)
    }
}

struct WorkerEnvironmentTests {
    private let complete = [
        "QUANTCELL_WORKER_ID": "w", "QUANTCELL_IDENTITY": "spare-1", "QUANTCELL_GENERATION": "0",
        "QUANTCELL_TOKEN": "t",
        "QUANTCELL_DATA": "ipc:///d", "QUANTCELL_CONTROL": "ipc:///c", "QUANTCELL_STATUS": "ipc:///s",
    ]

    @Test func aCompleteOneIsRead() throws {
        let environment = try WorkerEnvironment { complete[$0] }
        #expect(environment.identity == "spare-1")
        #expect(environment.generation == 0)
        #expect(environment.logLevel == .info)
        #expect(environment.orphanLease == 60)
    }

    @Test func whatIsMissingIsNamed() {
        for name in complete.keys {
            let error = #expect(throws: WorkerEnvironment.Invalid.self) {
                try WorkerEnvironment { $0 == name ? nil : complete[$0] }
            }
            #expect(error?.description.hasPrefix("\(name) is not set") == true)
        }
    }

    @Test(arguments: [
        ("QUANTCELL_GENERATION", "-1"), ("QUANTCELL_GENERATION", "x"), ("QUANTCELL_LOG_LEVEL", "loud"),
        ("QUANTCELL_ORPHAN_LEASE", "0"), ("QUANTCELL_ORPHAN_LEASE", "nan"), ("QUANTCELL_ORPHAN_LEASE", "60s"),
    ])
    func whatIsWrongIsNamed(_ name: String, _ value: String) {
        let error = #expect(throws: WorkerEnvironment.Invalid.self) {
            try WorkerEnvironment { $0 == name ? value : complete[$0] }
        }
        #expect(error?.description.contains(name) == true)
    }
}
