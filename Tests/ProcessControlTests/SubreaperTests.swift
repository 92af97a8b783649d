import Foundation
import Glibc
import Testing

@testable import ProcessControl

/// Each in a process of its own, where every child is ours.
struct SubreaperTests {
    @Test func orphanIsAdoptedAndCollected() async {
        await #expect(processExitsWith: .success) {
            try Subreaper.enable()
            try withTemporaryFolder { folder in
                let pipe = try OutputPipe(in: folder)
                defer { pipe.close() }
                let script = "(setsid sh -c 'trap \"exit 7\" TERM; echo $$; while :; do sleep 0.01; done' &)"
                let child = try ChildProcess.spawn(shell(script, output: .append(path: pipe.path)))
                let orphan = try Descendant(pid: pipe.readLine())
                defer { orphan.destroy() }
                #expect(try child.finish().status.isSuccess)
                #expect(try Subreaper.reapOrphans() == [])
                #expect(try ProcessStat.read(pid: orphan.fingerprint.pid)?.parent == getpid())
                try orphan.fingerprint.send(.term)
                try orphan.waitForExit()
                let orphans = try Subreaper.reapOrphans()
                let own = try #require(orphans.first { $0.pid == orphan.fingerprint.pid })
                #expect(own.exit.status == .exited(code: 7))
                #expect(own.exit.usage != nil)
                // Its last `sleep` may have come to us as well.
                while waitpid(-1, nil, 0) > 0 {}
                expectNoChildren()
            }
        }
    }

    /// The kernel shows the oldest zombie first, and that is a child that waits for its owner.
    @Test func childrenAreLeftToTheirOwners() async {
        await #expect(processExitsWith: .success) {
            try Subreaper.enable()
            try withTemporaryFolder { folder in
                let pipe = try OutputPipe(in: folder)
                defer { pipe.close() }
                let first = try ChildProcess.spawn(shell("exit 5"))
                try waitForExit(of: first.pidFileDescriptor)
                let script = "(setsid sh -c 'echo $$; exec sleep 1000' &)"
                let second = try ChildProcess.spawn(shell(script, output: .append(path: pipe.path)))
                let orphan = try Descendant(pid: pipe.readLine())
                defer { orphan.destroy() }
                try waitForExit(of: second.pidFileDescriptor)
                try orphan.fingerprint.send(.kill)
                try orphan.waitForExit()
                #expect(try Subreaper.reapOrphans().map(\.pid) == [orphan.fingerprint.pid])
                #expect(try Subreaper.reapOrphans() == [])
                #expect(try first.reap()?.status == .exited(code: 5))
                #expect(try second.reap()?.status == .exited(code: 0))
                expectNoChildren()
            }
        }
    }

    @Test func abandonedChildIsCollected() async {
        await #expect(processExitsWith: .success) {
            let child = try ChildProcess.spawn(shell("exit 3"))
            try waitForExit(of: child.pidFileDescriptor)
            child.abandon()
            #expect(try Subreaper.reapOrphans().map(\.exit.status) == [.exited(code: 3)])
            expectNoChildren()
        }
    }
}
