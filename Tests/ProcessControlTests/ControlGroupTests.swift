import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ControlGroupTests {
    @Test func mountPoint() {
        let hybrid = """
            25 30 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
            26 25 0:23 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 cgroup2 rw
            27 25 0:24 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
            """
        #expect(ControlGroup.mountPoint(in: hybrid) == "/sys/fs/cgroup/unified")
        #expect(ControlGroup.mountPoint(in: "26 25 0:23 / /sys/fs/cgroup rw - cgroup2 none rw") == "/sys/fs/cgroup")
        for text in ["", "cgroup2", "26 25 0:23 / /x rw - cgroup2x none rw", "- cgroup2", "1 2 3 4 5 6 7"] {
            #expect(ControlGroup.mountPoint(in: text) == nil)
        }
    }

    @Test func groupThatIsNotThere() throws {
        let group = ControlGroup(path: "/nowhere/group")
        #expect(!group.isPopulated)
        #expect(group.outOfMemoryKills == nil)
        try group.remove()
        for attempt in [{ try group.kill() }, { try group.add(pid: 1) }, { _ = try group.create("x") }] {
            let error = #expect(throws: ProcessControlError.self) { try attempt() }
            #expect(error?.code == .controlGroupFailed)
            #expect(error?.message.contains("/nowhere/group") == true)
        }
    }

    @Test(arguments: ["", ".", "..", "a/b", ".hidden", "a\0b"])
    func nameThatIsNone(name: String) {
        let error = #expect(throws: ProcessControlError.self) { try ControlGroup(path: "/nowhere").create(name) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func treeWithoutItsGroupIsKilledAllTheSame() throws {
        let token = UUID().uuidString
        let child = try ChildProcess.spawn(worker("exec sleep 1000", token: token))
        defer { child.destroy() }
        let group = ControlGroup(path: "/nowhere/group")
        _ = try killAll([ProcessTree(leader: child.fingerprint, token: token, controlGroup: group)])
        #expect(try child.finish().status == .signaled(.kill, coreDumped: false))
    }

    @Test func limitsOutOfRange() {
        for cpus in [0, -1, 0.001, .nan, .infinity] {
            let error = #expect(throws: ProcessControlError.self) {
                try ControlGroup(path: "/nowhere").limitCPU(to: cpus)
            }
            #expect(error?.code == .invalidRequest)
        }
    }
}

/// What is written where, in a folder that looks like a group: for machines whose kernel offers no controllers.
struct FakeControlGroupTests {
    private func withFolder(_ controllers: String, enabled: String, _ body: (ControlGroup) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for (name, content) in [
                ("cgroup.controllers", controllers), ("cgroup.subtree_control", enabled), ("cgroup.procs", ""),
            ] {
                try content.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
            try body(ControlGroup(path: folder))
        }
    }

    private func text(_ group: ControlGroup, _ name: String) throws -> String {
        try String(contentsOfFile: "\(group.path)/\(name)", encoding: .utf8)
    }

    private func create(_ group: ControlGroup, _ name: String) throws {
        try "".write(toFile: "\(group.path)/\(name)", atomically: false, encoding: .utf8)
    }

    @Test func limitsAsTheKernelReadsThem() throws {
        try withFolder("", enabled: "") { group in
            for name in ["memory.max", "cpu.max"] { try create(group, name) }
            try group.limitMemory(to: 64 << 20)
            #expect(try text(group, "memory.max") == "67108864")
            try group.limitCPU(to: 1.5)
            #expect(try text(group, "cpu.max") == "150000 100000")
        }
    }

    @Test func withoutControllersThereIsNothingToLimit() throws {
        try withFolder("", enabled: "") { group in
            let controllers = try group.enableControllers(movingSelfTo: "leaf")
            #expect(controllers == [])
            // And nobody was moved for nothing.
            #expect(access("\(group.path)/leaf", F_OK) != 0)
            let error = #expect(throws: ProcessControlError.self) { try group.limitMemory(to: 64 << 20) }
            #expect(error?.message.contains("no such control group") == true)
        }
    }

    @Test func theManagerGoesBelowBeforeItsGroupIsDivided() throws {
        try withFolder("cpu io memory pids\n", enabled: "") { group in
            try FileManager.default.createDirectory(atPath: "\(group.path)/leaf", withIntermediateDirectories: false)
            try create(group, "leaf/cgroup.procs")
            _ = try group.enableControllers(movingSelfTo: "leaf")
            #expect(try text(group, "leaf/cgroup.procs") == "\(getpid())")
            let divided = try text(group, "cgroup.subtree_control")
            #expect(divided.hasPrefix("+pids"))
        }
    }

    @Test func whatIsDividedAlreadyStaysSo() throws {
        try withFolder("cpu memory pids\n", enabled: "cpu memory pids\n") { group in
            let controllers = try group.enableControllers(movingSelfTo: "leaf")
            #expect(controllers == ["cpu", "memory", "pids"])
            #expect(access("\(group.path)/leaf", F_OK) != 0)
        }
    }
}

/// Where this machine lets us make groups.
@Suite(.enabled(if: ControlGroup.delegated() != nil, "no writable control group, version 2"))
struct RealControlGroupTests {
    private func withGroup(_ body: (ControlGroup) throws -> Void) throws {
        let parent = try #require(ControlGroup.delegated())
        let group = try parent.create("quantcell-test-\(UUID().uuidString)")
        defer { try? group.remove() }
        try body(group)
    }

    /// It has cleared its environment, left the session and lost its parent: nothing but the group knows it.
    @Test func nobodyLeavesTheGroup() throws {
        try withTemporaryFolder { folder in
            try withGroup { group in
                let pipe = try OutputPipe(in: folder)
                defer { pipe.close() }
                let token = UUID().uuidString
                let script = "read x <\(folder)/gate; (setsid env -i sh -c 'echo $$; exec sleep 1000' &)"
                #expect(mkfifo(folder + "/gate", 0o600) == 0)
                let child = try ChildProcess.spawn(worker(script, token: token, output: .append(path: pipe.path)))
                defer { child.destroy() }
                try group.add(pid: child.pid)
                #expect(try group.members() == [child.pid])
                try "\n".write(toFile: folder + "/gate", atomically: false, encoding: .utf8)
                let hidden = try Descendant(pid: pipe.readLine())
                defer { hidden.destroy() }
                #expect(try child.finish().status.isSuccess)
                #expect(try group.members() == [hidden.fingerprint.pid])
                #expect(group.isPopulated)
                #expect(try ProcessTree.members(of: [ProcessTree(leader: child.fingerprint, token: token)]) == [[]])

                let gone = try killAll([
                    ProcessTree(leader: child.fingerprint, token: token, controlGroup: group)
                ])
                #expect(gone.count == 1)
                try hidden.waitForExit()
                #expect(!group.isPopulated)
                try group.remove()
                #expect(access(group.path, F_OK) != 0)
            }
        }
    }

    @Test func groupMayBeThereAlready() throws {
        try withGroup { group in
            let parent = try #require(ControlGroup.delegated())
            let name = try #require(group.path.split(separator: "/").last)
            #expect(try parent.create(String(name)) == group)
        }
    }

    @Test func limitsAreSetOrRefused() throws {
        try withGroup { group in
            if access(group.path + "/memory.max", F_OK) == 0 {
                try group.limitMemory(to: 64 << 20)
                #expect(try text(of: group.path + "/memory.max") == "67108864\n")
                #expect(group.outOfMemoryKills == 0)
            } else {
                let error = #expect(throws: ProcessControlError.self) { try group.limitMemory(to: 64 << 20) }
                #expect(error?.code == .limitNotApplied)
                #expect(error?.message.contains("memory to 67108864 bytes") == true)
                #expect(error?.message.contains("no such control group") == true)
                #expect(group.outOfMemoryKills == nil)
            }
        }
    }
}
