import Glibc
import ProcessControl

/// A process of the measurement, which ends with this value at the latest.
final class Child {
    private let process: ChildProcess
    private let name: String
    /// Where its output goes.
    let output: String
    private var exit: ExitStatus?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - name: For messages.
    ///   - executable: Its absolute path.
    ///   - output: The file that its output is added to.
    init(_ name: String, _ executable: String, _ arguments: [String], output: String) throws {
        self.name = name
        self.output = output
        process = try ChildProcess.spawn(
            SpawnRequest(
                executable: executable,
                arguments: arguments,
                environment: Self.environment,
                output: .append(path: output)
            )
        )
        Interrupt.add(process.pid)
    }

    /// Starts a process of this program.
    convenience init(role: RoleName, _ arguments: [String], output: String) throws {
        try self.init(role.rawValue, Files.executable, [Role.argument, role.rawValue] + arguments, output: output)
    }

    deinit {
        kill()
    }

    var pid: Int32 { process.pid }

    /// Readable when it has ended.
    var descriptor: Int32 { process.pidFileDescriptor }

    /// Whether it still runs.
    var isRunning: Bool { (try? reap()) == nil }

    /// Ends it at once.
    func kill() {
        guard exit == nil else { return }
        try? process.signalGroup(.kill)
        _ = try? wait(milliseconds: 5000)
    }

    /// Asks it to end, and insists after a while.
    func stop(milliseconds: Int32 = 10_000) {
        guard exit == nil else { return }
        try? process.send(.term)
        if (try? wait(milliseconds: milliseconds)) == nil { kill() }
    }

    /// Waits for its end.
    ///
    /// - Throws: ``BenchError`` when it lasts longer.
    @discardableResult
    func wait(milliseconds: Int32) throws -> ExitStatus {
        let deadline = Clock.monotonic + Int64(milliseconds) * 1_000_000
        while true {
            if let exit = try reap() { return exit }
            let left = (deadline - Clock.monotonic) / 1_000_000
            guard left > 0 else { throw BenchError("\(name) did not end within \(milliseconds) ms") }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&item, 1, Int32(left))
        }
    }

    /// Waits until it has ended well, and returns its output.
    func result(milliseconds: Int32) throws -> String {
        let status = try wait(milliseconds: milliseconds)
        let text = (try? Files.read(output)) ?? ""
        guard status.isSuccess else { throw BenchError("\(name) failed (\(status)): \(text.suffix(500))") }
        return text
    }

    /// Says what it wrote, where it ended without being asked to.
    func check() throws {
        guard let status = try reap() else { return }
        throw BenchError("\(name) ended (\(status)): \(((try? Files.read(output)) ?? "").suffix(500))")
    }

    private func reap() throws -> ExitStatus? {
        if let exit { return exit }
        guard let status = try process.reap()?.status else { return nil }
        exit = status
        Interrupt.remove(process.pid)
        return status
    }

    private static var environment: [String: String] {
        var result: [String: String] = [:]
        for name in ["PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }
}
