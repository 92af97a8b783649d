import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

/// A shell that runs `script` as a worker with `token`.
func worker(_ script: String, token: String, output: SpawnRequest.Output = .discard) -> SpawnRequest {
    var request = shell(script, output: output)
    request.environment["QUANTCELL_TOKEN"] = token
    return request
}

/// Goes through the rounds of a kill until nothing is left of `trees`.
func killAll(_ trees: [ProcessTree]) throws -> [TreeKill.Gone] {
    var kill = TreeKill()
    for tree in trees { kill.add(tree) }
    var gone: [TreeKill.Gone] = []
    while true {
        let round = try kill.round()
        gone += round.gone
        // Only a broken kill comes to that.
        try #require(round.stuck.isEmpty)
        guard let next = round.next else { return gone }
        poll(nil, 0, Int32(next / .milliseconds(1)))
    }
}

/// A process that a worker has started, watched through a pidfd of its own.
struct Descendant {
    let fingerprint: ProcessFingerprint
    let pidfd: Int32

    /// - Parameter pid: As the process has printed it.
    init(pid text: String) throws {
        let pid = try #require(pid_t(text))
        pidfd = qc_pidfd_open(pid)
        try #require(pidfd >= 0)
        fingerprint = try ProcessFingerprint.read(pid: pid)
    }

    var isAlive: Bool { (try? fingerprint.isAlive()) == true }

    func waitForExit() throws {
        try ProcessControlTests.waitForExit(of: pidfd)
    }

    /// For `defer`: leaves nothing behind, whatever the test has found.
    func destroy() {
        _ = qc_pidfd_send_signal(pidfd, SIGKILL)
        close(pidfd)
    }
}

/// Whether the kernel is at least that new.
func hasKernel(_ major: Int, _ minor: Int) -> Bool {
    let version = ProcessInfo.processInfo.operatingSystemVersion
    return (version.majorVersion, version.minorVersion) >= (major, minor)
}

/// Asserts that this process, which must be one of its own, has no child left, not even a zombie.
func expectNoChildren() {
    let found = waitpid(-1, nil, WNOHANG)
    let reason = errno
    #expect(found == -1)
    #expect(reason == ECHILD)
}
