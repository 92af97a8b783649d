import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ProcessTreeTests {
    private let token = UUID().uuidString

    /// Double fork, a session of its own, deaf to SIGTERM.
    private let daemon = "(setsid sh -c 'trap \"\" TERM HUP INT; echo $$; while :; do sleep 1000; done' &)"

    @Test func daemonThatLeftTheSessionIsFoundByItsToken() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let child = try ChildProcess.spawn(worker(daemon, token: token, output: .append(path: pipe.path)))
            defer { child.destroy() }
            let daemon = try Descendant(pid: pipe.readLine())
            defer { daemon.destroy() }
            #expect(try child.finish().status.isSuccess)
            #expect(daemon.isAlive)
            #expect(getsid(daemon.fingerprint.pid) == daemon.fingerprint.pid)

            let tree = ProcessTree(leader: child.fingerprint, token: token)
            #expect(try ProcessTree.members(of: [tree])[0].contains(daemon.fingerprint))
            let gone = try killAll([tree])
            #expect(gone.map(\.tree) == [tree])
            #expect(gone[0].killed.contains(daemon.fingerprint))
            try daemon.waitForExit()
            #expect(try ProcessTree.members(of: [tree]) == [[]])
        }
    }

    /// It has neither the group nor the token, but nobody else can be in the session as long as its leader has its pid.
    @Test func memberOfTheSessionNeedsNoToken() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let perl = "setpgrp; $| = 1; print qq($$\\n); %ENV = (); exec qw(/bin/sleep 1000)"
            let script = "perl -e '\(perl)' & wait"
            let child = try ChildProcess.spawn(worker(script, token: token, output: .append(path: pipe.path)))
            defer { child.destroy() }
            let job = try Descendant(pid: pipe.readLine())
            defer { job.destroy() }
            #expect(getpgid(job.fingerprint.pid) != child.pid)
            try child.send(.kill)
            try waitForExit(of: child.pidFileDescriptor)

            let gone = try killAll([ProcessTree(leader: child.fingerprint, token: token)])
            #expect(gone[0].killed.contains(job.fingerprint))
            try job.waitForExit()
        }
    }

    @Test func childOfAMemberNeedsNeitherSessionNorToken() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let script = "setsid env -i /bin/sh -c 'echo $$; exec sleep 1000' & wait"
            let child = try ChildProcess.spawn(worker(script, token: token, output: .append(path: pipe.path)))
            defer { child.destroy() }
            let other = try Descendant(pid: pipe.readLine())
            defer { other.destroy() }
            #expect(getsid(other.fingerprint.pid) == other.fingerprint.pid)
            let tree = ProcessTree(leader: child.fingerprint, token: token)
            #expect(try Set(ProcessTree.members(of: [tree])[0]) == [child.fingerprint, other.fingerprint])
            _ = try killAll([tree])
            try other.waitForExit()
            #expect(try child.finish().status == .signaled(.kill, coreDumped: false))
        }
    }

    @Test func oneLookServesManyWithoutMixingThem() throws {
        let tokens = (0..<10).map { _ in UUID().uuidString }
        let children = try tokens.map { try ChildProcess.spawn(worker("exec sleep 1000", token: $0)) }
        defer { children.forEach { $0.destroy() } }
        let trees = zip(children, tokens).map { ProcessTree(leader: $0.fingerprint, token: $1) }
        #expect(try ProcessTree.members(of: trees) == children.map { [$0.fingerprint] })
        let gone = try killAll(Array(trees.prefix(9)))
        #expect(Set(gone.map(\.tree)) == Set(trees.prefix(9)))
        for (child, tree) in zip(children, trees).prefix(9) {
            #expect(try child.finish().status == .signaled(.kill, coreDumped: false))
            #expect(gone.first { $0.tree == tree }?.killed == [child.fingerprint])
        }
        #expect(try children[9].fingerprint.isAlive())
        #expect(try children[9].reap() == nil)
    }

    /// As when the pid has come to another process: its session has the leader's number.
    @Test(arguments: [-1, 1])
    func anotherProcessWithThePidOfTheLeaderIsNotTouched(offset: Int64) throws {
        let child = try ChildProcess.spawn(worker("exec sleep 1000", token: UUID().uuidString))
        defer { child.destroy() }
        let own = child.fingerprint
        let startTime = UInt64(Int64(own.startTime) + offset)
        let former = ProcessFingerprint(pid: own.pid, startTime: startTime, bootID: own.bootID)
        let tree = ProcessTree(leader: former, token: token)
        #expect(try ProcessTree.members(of: [tree]) == [[]])
        #expect(try killAll([tree]) == [TreeKill.Gone(tree: tree, killed: [])])
        #expect(try !former.send(.kill))
        #expect(try own.isAlive())
        #expect(try child.reap() == nil)
    }

    @Test func nothingIsLeftOfAnotherBoot() throws {
        let child = try ChildProcess.spawn(worker("exec sleep 1000", token: token))
        defer { child.destroy() }
        let own = child.fingerprint
        let former = ProcessFingerprint(pid: own.pid, startTime: own.startTime, bootID: UUID().uuidString)
        #expect(try ProcessTree.members(of: [ProcessTree(leader: former, token: token)]) == [[]])
    }

    @Test(arguments: [
        ("token", "token", true), ("token", "tokenx", false), ("tokenx", "token", false), ("", "", false),
    ])
    func tokenIsComparedWhole(wanted: String, actual: String, isMember: Bool) throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            // Of a former leader only the time is needed: nobody older than it is looked at.
            let leader = try ChildProcess.spawn(shell("exit 0"))
            _ = try leader.finish()
            func token(_ name: String) -> String { name.isEmpty ? "" : "\(self.token)-\(name)" }
            let request = worker("echo; kill -STOP $$", token: token(actual), output: .append(path: pipe.path))
            let child = try ChildProcess.spawn(request)
            defer { child.destroy() }
            _ = pipe.readLine()
            let tree = ProcessTree(leader: leader.fingerprint, token: token(wanted))
            #expect(try ProcessTree.members(of: [tree])[0].contains(child.fingerprint) == isMember)
        }
    }

    @Test func largeEnvironmentIsReadToItsEnd() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            // Until a program is there its environment is not; and the shell must not execute another one.
            var request = worker("echo; while :; do :; done", token: token, output: .append(path: pipe.path))
            for number in 0..<8 { request.environment["A\(number)"] = String(repeating: "x", count: 100_000) }
            let child = try ChildProcess.spawn(request)
            defer { child.destroy() }
            _ = pipe.readLine()
            var reader = ProcReader()
            #expect(ProcessToken.find(pid: child.pid, with: &reader) == .token(Array(token.utf8)[...]))
        }
    }

    @Test func signalToAFingerprint() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        #expect(try child.fingerprint.send(.term))
        #expect(try child.finish().status == .signaled(.term, coreDumped: false))
        #expect(try !child.fingerprint.send(.term))
    }

    @Test func nothingToKill() throws {
        var kill = TreeKill()
        let round = try kill.round()
        #expect(kill.isEmpty)
        #expect(round.next == nil)
        #expect(round.gone.isEmpty)
    }

    /// In a process of its own, which must be left without children.
    @Test(.enabled(if: geteuid() == 0, "the kernel holds only other users to a number of processes"))
    func forkBomb() async {
        await #expect(processExitsWith: .success) {
            try Subreaper.enable()
            try withTemporaryFolder { folder in
                let pipe = try OutputPipe(in: folder)
                defer { pipe.close() }
                let token = UUID().uuidString
                let uid = 1_000_000 + getpid()
                // It ends by itself, should this test fail.
                let bomb = "$SIG{TERM} = \"IGNORE\"; $e = time + 20; fork; print \"x\\n\"; while (time < $e) { fork }"
                var request = worker("", token: token, output: .append(path: pipe.path))
                request.arguments = [
                    "-c",
                    "exec setpriv --reuid \(uid) --regid \(uid) --clear-groups prlimit --nproc=60 perl -e \"$0\"",
                    "$| = 1; \(bomb)",
                ]
                let child = try ChildProcess.spawn(request)
                _ = pipe.readLine()
                let gone = try killAll([ProcessTree(leader: child.fingerprint, token: token)])
                #expect(gone[0].killed.count > 1)
                #expect(try child.finish().status == .signaled(.kill, coreDumped: false))
                _ = try Subreaper.reapOrphans()
                expectNoChildren()
            }
        }
    }
}
