import Foundation
import Glibc
import ProcessControl
import Testing

/// What a program wrote and how it ended.
struct Finished {
    let status: ProcessEnd
    let output: String
    let errors: String

    /// The exit code; `nil` when a signal ended it.
    var code: Int32? {
        guard case .exited(let code) = status else { return nil }
        return code
    }

    var lines: [Substring] { output.split(separator: "\n") }
}

/// A program that runs with its output in a pipe, read line by line, and its errors in a file.
final class Program {
    let name: String
    private let child: ChildProcess
    private let pipe: Int32
    private let pipePath: String
    private let errorPath: String
    private var unread: [UInt8] = []
    private var status: ProcessEnd?

    /// Starts it.
    ///
    /// - Parameters:
    ///   - path: The executable.
    ///   - folder: Where pipe and error file are made, and where it runs.
    ///   - input: What it reads from standard input.
    init(_ path: String, _ arguments: [String], environment: [String: String], folder: String, input: String? = nil)
        throws
    {
        name = ([(path as NSString).lastPathComponent] + arguments).joined(separator: " ")
        let base = "\(folder)/\(UUID().uuidString)"
        pipePath = base + ".out"
        errorPath = base + ".err"
        try #require(mkfifo(pipePath, 0o600) == 0, "no pipe in \(folder)")
        // For reading and writing, so that neither side waits for the other to open it.
        pipe = open(pipePath, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(pipe >= 0)
        if let input { try input.write(toFile: base + ".in", atomically: false, encoding: .utf8) }
        child = try ChildProcess.spawn(
            SpawnRequest(
                executable: "/bin/sh",
                arguments: [
                    "-c", #"out=$1 err=$2 in=$3; shift 3; exec "$@" >"$out" 2>"$err" <"$in""#, "sh", pipePath,
                    errorPath,
                    input == nil ? "/dev/null" : base + ".in", path,
                ] + arguments,
                environment: environment,
                workingDirectory: folder,
                output: .discard
            )
        )
    }

    deinit {
        if status == nil {
            try? child.signalGroup(.kill)
            _ = try? child.end("\(name), killed,")
        }
        close(pipe)
    }

    var pid: Int32 { child.pid }
    /// Readable once it has ended.
    var pidFileDescriptor: Int32 { child.pidFileDescriptor }

    func send(_ signal: ProcessControl.Signal) throws {
        try child.send(signal)
    }

    /// Reads lines up to the first that `matches`, and returns it.
    @discardableResult
    func line(_ what: String, where matches: (String) -> Bool = { _ in true }) throws -> String {
        let deadline = Deadline()
        while true {
            while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeSubrange(...end)
                if matches(line) { return line }
            }
            guard try readMore(deadline) else { throw Waited("\(name) never printed \(what); errors: \(errors)") }
        }
    }

    /// Waits for the end; everything that was not read as lines is in the output.
    func finish() throws -> Finished {
        let deadline = Deadline()
        while try readMore(deadline) {}
        let status = try child.end(by: deadline, name)
        self.status = status
        drain()
        return Finished(status: status, output: String(decoding: unread, as: UTF8.self), errors: errors)
    }

    private var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Waits until there is output. Returns `false` when none will come: the program has ended.
    private func readMore(_ deadline: Deadline) throws -> Bool {
        var items = [pipe, child.pidFileDescriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&items, 2, deadline.milliseconds) > 0 else {
            if !deadline.hasPassed { return true }
            throw Waited("\(name) neither ended nor printed anything more; errors: \(errors)")
        }
        guard items[0].revents != 0 else { return false }
        drain()
        return true
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(pipe, &buffer, buffer.count)
            guard count > 0 else { return }
            unread.append(contentsOf: buffer[..<count])
        }
    }
}
