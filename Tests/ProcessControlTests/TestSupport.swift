import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

/// Gives `body` a folder of its own, and removes it.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "process-control-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

func text(of path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
}

/// A shell that runs `script`.
func shell(_ script: String, output: SpawnRequest.Output = .discard) -> SpawnRequest {
    SpawnRequest(
        executable: "/bin/sh",
        arguments: ["-c", script],
        environment: ["PATH": "/usr/bin:/bin"],
        output: output
    )
}

/// Blocks in epoll until the process behind `pidfd` has exited. The limit only keeps a broken test from hanging.
func waitForExit(of pidfd: Int32) throws {
    let epoll = qc_epoll_create()
    defer { close(epoll) }
    try #require(qc_epoll_add(epoll, pidfd, QC_EPOLL_IN, 4711) == 0)
    var ready = [qc_epoll_event](repeating: qc_epoll_event(), count: 2)
    try #require(qc_epoll_wait(epoll, &ready, 2, 60_000) == 1)
    try #require(ready[0].token == 4711)
    try #require(ready[0].events & QC_EPOLL_IN != 0)
}

/// Writes a file that is to be executed.
///
/// By another process: children that other tests fork while a file is open for writing here have it open too until they execute their
/// own program, and what somebody has open for writing cannot be executed (ETXTBSY).
func writeProgram(_ contents: String, mode: Int = 0o700, to path: String) throws {
    let writer = try ChildProcess.spawn(
        SpawnRequest(
            executable: "/bin/sh",
            arguments: [
                "-c", #"printf %s "$1" >"$3" && chmod "$2" "$3""#, "sh", contents, String(mode, radix: 8), path,
            ],
            environment: ["PATH": "/usr/bin:/bin"],
            output: .discard
        )
    )
    try #require(writer.finish().status.isSuccess)
}

extension ChildProcess {
    /// Blocks until the child has exited, and collects it.
    func finish() throws -> Exit {
        try waitForExit(of: pidFileDescriptor)
        return try #require(try reap())
    }

    /// For `defer`: leaves nothing behind, whatever the test has found.
    func destroy() {
        try? signalGroup(.kill)
        _ = try? finish()
    }
}

/// Runs `request` with its output in a file, and returns how it ended and what it wrote.
func run(_ request: SpawnRequest) throws -> (exit: Exit, output: String) {
    try withTemporaryFolder { folder in
        var request = request
        request.output = .append(path: folder + "/output")
        let child = try ChildProcess.spawn(request)
        return (try child.finish(), try text(of: folder + "/output"))
    }
}

/// A named pipe as the output of a child, to read its lines as it writes them.
struct OutputPipe {
    let path: String
    private let stream: UnsafeMutablePointer<FILE>

    init(in folder: String) throws {
        path = folder + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        // For reading and writing, so that neither side waits for the other to open it.
        stream = try #require(fopen(path, "r+e"))
    }

    func readLine() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, Int32(buffer.count), stream) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init), as: UTF8.self)
    }

    /// For a child that reads from it.
    func writeLine() {
        fputs("\n", stream)
        fflush(stream)
    }

    func close() {
        fclose(stream)
    }
}
