import Glibc

/// What can be seen from outside of what a process is doing, for a person who asks why it did not get on.
package enum StuckEvidence {
    private static let maximumThreads = 32
    private static let maximumBytes = 64 << 10

    /// What `/proc` says about each thread: its name, state, CPU time, where in the kernel it waits and, to those who may
    /// know, the kernel's stack. Nothing of the program's own functions.
    ///
    /// - Returns: Lines of text, of the first 32 threads; `nil` when the process has ended.
    package static func read(_ fingerprint: ProcessFingerprint) -> String? {
        guard (try? fingerprint.isAlive()) == true else { return nil }
        let folder = "/proc/\(fingerprint.pid)/task"
        let threads = ((try? ProcReader.numbers(in: folder)) ?? []).sorted()
        var reader = ProcReader()
        var lines = threads.prefix(maximumThreads).flatMap { thread in
            describe(thread, "\(folder)/\(thread)", with: &reader)
        }
        if threads.count > maximumThreads { lines.append("and \(threads.count - maximumThreads) more threads") }
        return lines.joined(separator: "\n")
    }

    private static func describe(_ thread: Int32, _ folder: String, with reader: inout ProcReader) -> [String] {
        guard (try? reader.read("\(folder)/stat")) != nil, let stat = ProcessStat(parsing: reader.contents) else {
            return []
        }
        let name = line(of: "\(folder)/comm", with: &reader) ?? ""
        var place = line(of: "\(folder)/wchan", with: &reader) ?? ""
        if place.isEmpty || place == "0" { place = "its own code" }
        let state = String(decoding: [stat.state], as: UTF8.self)
        let head =
            "thread \(thread) \(name): state \(state), in \(place), CPU ticks \(stat.userTicks)+\(stat.systemTicks)"
        guard (try? reader.read("\(folder)/stack", limit: 4096)) != nil else { return [head] }
        // The addresses are of use to nobody.
        return [head] + reader.text.split(separator: "\n").map { "    \($0.drop { $0 != " " }.dropFirst())" }
    }

    private static func line(of path: String, with reader: inout ProcReader) -> String? {
        guard (try? reader.read(path, limit: 256)) != nil else { return nil }
        return reader.text.split(separator: "\n").first.map(String.init)
    }

    /// The program's own functions, by `eu-stack` or `gdb`, whichever is installed.
    ///
    /// Waits for the tool, up to `limit`, and so belongs on a thread of its own. The process stands still meanwhile.
    ///
    /// - Parameters:
    ///   - searchPath: Where to look for the tools, as in `PATH`.
    ///   - outputPath: A file for the tool's output, which is left there.
    /// - Returns: The tool's output, its last 64 KiB; `nil` when none is installed or it has not managed.
    package static func backtrace(
        _ fingerprint: ProcessFingerprint,
        searchPath: String,
        outputPath: String,
        limit: Duration = .seconds(5)
    ) -> String? {
        let pid = "\(fingerprint.pid)"
        let commands = [
            ("eu-stack", ["-p", pid]),
            (
                "gdb",
                ["-p", pid, "-batch", "-nx", "-iex", "set debuginfod enabled off", "-ex", "thread apply all bt 64"]
            ),
        ]
        for (name, arguments) in commands {
            guard let tool = ExecutableSearch.find(name, in: searchPath) else { continue }
            // A tool can only be told a pid. Reading harms nobody, should it be somebody else's in this very moment.
            guard (try? fingerprint.isAlive()) == true else { return nil }
            let request = SpawnRequest(
                executable: tool,
                arguments: arguments,
                environment: ["PATH": searchPath, "LC_ALL": "C"],
                workingDirectory: "/",
                output: .append(path: outputPath)
            )
            guard let child = try? ChildProcess.spawn(request) else { continue }
            guard finish(child, within: limit) else { return nil }
            var reader = ProcReader()
            guard (try? reader.read(outputPath, limit: 1 << 20)) != nil, !reader.contents.isEmpty else { return nil }
            return String(decoding: reader.contents.suffix(maximumBytes), as: UTF8.self)
        }
        return nil
    }

    /// Whether the child has ended well by itself. It is gone in any case.
    private static func finish(_ child: ChildProcess, within limit: Duration) -> Bool {
        let milliseconds = limit / .milliseconds(1)
        var descriptor = pollfd(fd: child.pidFileDescriptor, events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, Int32(min(max(milliseconds, 0), 60_000))) == 1 {
            return (try? child.reap())??.status.isSuccess == true
        }
        try? child.signalGroup(.kill)
        // SIGKILL ends this wait.
        _ = poll(&descriptor, 1, -1)
        _ = try? child.reap()
        return false
    }
}
