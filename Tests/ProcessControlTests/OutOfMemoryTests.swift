import Foundation
import Testing

@testable import ProcessControl

struct OutOfMemoryTests {
    private let killed = ProcessControl.ExitStatus.signaled(.kill, coreDumped: false)

    private func evidence(
        _ before: (UInt64?, UInt64?),
        _ after: (UInt64?, UInt64?),
        _ status: ProcessControl.ExitStatus
    ) -> OutOfMemoryEvidence? {
        OutOfMemoryCount(ofGroup: after.0, ofMachine: after.1).evidence(
            since: OutOfMemoryCount(ofGroup: before.0, ofMachine: before.1),
            endingWith: status
        )
    }

    @Test func groupIsCertain() {
        #expect(evidence((0, 5), (1, 6), killed) == .certain)
        #expect(evidence((nil, 5), (1, 6), killed) == .certain)
        #expect(evidence((0, 5), (1, 6), .unknown) == .certain)
        // Somebody else was killed.
        #expect(evidence((1, 5), (1, 6), killed) == nil)
    }

    @Test func machineIsProbable() {
        #expect(evidence((nil, 5), (nil, 6), killed) == .probable)
        #expect(evidence((nil, 5), (nil, 5), killed) == nil)
        #expect(evidence((nil, nil), (nil, 6), killed) == nil)
        #expect(OutOfMemoryEvidence.probable.description.contains("probably"))
    }

    @Test func otherEndsAreNot() {
        #expect(evidence((0, 5), (1, 6), .exited(code: 9)) == nil)
        #expect(evidence((0, 5), (1, 6), .signaled(.segv, coreDumped: true)) == nil)
    }

    @Test func machineCountIsReadable() throws {
        let lines = try text(of: "/proc/vmstat").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("oom_kill ") })
        let count = try #require(OutOfMemoryCount.read().ofMachine)
        // Another may come between the two.
        #expect(count >= (try #require(UInt64(line.dropFirst(9)))))
    }
}
