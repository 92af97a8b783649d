import CLinux
import Testing
import WireProtocol

@testable import WorkerRuntime

/// What workers send and what managers read in place are one shape; any other would be read, and cost more.
@Suite struct HeartbeatShapeTests {
    @Test func aManagerReadsItInPlace() throws {
        let gauges = WorkerGauges(.init(workerID: "w", generation: 2), identity: "w-2")
        let bytes = gauges.heartbeat(at: qc_monotonic_ns()).bytes
        let beat = try #require(bytes.withUnsafeBytes { Heartbeat(parsing: $0) })
        #expect(beat.workerID == "w")
        #expect(beat.generation == 2)
    }
}
