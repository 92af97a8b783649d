internal import CLinux
internal import Glibc
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// Compiles Swift strategies into shared objects that a spare can load, and keeps them.
///
/// It belongs to the control loop, and waits for the compiler there without blocking it. What has been compiled is found again by
/// the hash of the source, the compiler and the kit, and by comparing the source itself: a hash alone is not trusted.
final class StrategyCompiler {
    /// What the compiler needs.
    struct Configuration {
        /// `swiftc`: a name to look for, or a path.
        var swiftc: String
        /// The folder of `StrategyKit.swiftmodule`.
        var kit: String
        /// Where compiled strategies are kept.
        var cache: String
        var environment: [String: String]
    }

    /// The shared object, or why there is none.
    typealias Outcome = Result<String, ManagerError>

    /// How much of the compiler's output reaches the user, bytes.
    private static let maxOutputBytes = 16 << 10
    /// How many compilers run at once.
    private static let maxRunning = 2
    /// How long one may run.
    private static let timeLimit = Duration.seconds(300)

    var configuration: Configuration
    private let loop: EventLoop
    private var jobs: [String: CompilerJob] = [:]
    private var queue: [CompilerJob] = []
    private var running = 0
    private var isOpen = true
    private var whenIdle: (() -> Void)?

    /// Whether nobody waits for a compiler.
    var isIdle: Bool { jobs.isEmpty }

    init(_ configuration: Configuration, loop: EventLoop) {
        self.configuration = configuration
        self.loop = loop
    }

    /// Compiles the file at `path`, or finds what an earlier run made of the same source.
    ///
    /// - Parameters:
    ///   - path: An absolute path.
    ///   - done: Called on the loop, at once where nothing has to be compiled.
    func compile(_ path: String, done: @escaping (Outcome) -> Void) {
        guard isOpen else { return done(.failure(Self.closed)) }
        let source: [UInt8]
        let swiftc: String
        do throws(ManagerError) {
            source = try CompilerFiles.read(path)
            swiftc = try findCompiler()
            try checkKit()
        } catch {
            return done(.failure(error))
        }
        let key = Self.hash([source, Array(swiftc.utf8), kitStamp()])
        let folder = "\(configuration.cache)/\(key)"
        if let cached = (try? CompilerFiles.read("\(folder)/source.swift")), cached == source,
            access("\(folder)/strategy.so", R_OK) == 0
        {
            return done(.success("\(folder)/strategy.so"))
        }
        if let job = jobs[key] {
            job.waiting.append(done)
            return
        }
        let job = CompilerJob(folder: folder, work: "\(folder).\(getpid()).new", source: source, path: path)
        job.waiting = [done]
        jobs[key] = job
        queue.append(job)
        startNext(swiftc)
    }

    /// Ends all running compilers; whoever waits is told. `then` runs when the last one is gone, at once where none runs.
    func close(then: @escaping () -> Void = {}) {
        isOpen = false
        whenIdle = then
        let queued = queue
        queue.removeAll()
        for job in queued { settle(job, .failure(Self.closed)) }
        for job in jobs.values { try? job.child?.signalGroup(.kill) }
        tellWhenIdle()
    }

    private static let closed = ManagerError(.serviceUnavailable, "the manager is stopping")

    // MARK: Running

    private func startNext(_ swiftc: String) {
        while running < Self.maxRunning, !queue.isEmpty {
            let job = queue.removeFirst()
            running += 1
            do {
                try start(job, swiftc)
            } catch {
                finish(job, .failure(ManagerError(.workerStart, "cannot compile \(job.path): \(error)")), swiftc)
            }
        }
    }

    private func start(_ job: CompilerJob, _ swiftc: String) throws {
        guard mkdir(job.work, 0o700) == 0 || errno == EEXIST else { throw CompilerFiles.failure("make \(job.work)") }
        unlink("\(job.work)/output")
        try CompilerFiles.write(job.source, to: "\(job.work)/source.swift")
        let child = try ChildProcess.spawn(
            SpawnRequest(
                executable: swiftc,
                // With frame pointers, without which nobody can say later through which functions it came to where it crashed or hangs.
                arguments: [
                    "-O", "-Xcc", "-fno-omit-frame-pointer", "-parse-as-library", "-emit-library", "-module-name",
                    "Strategy", "-I", configuration.kit,
                    "-o", "\(job.work)/strategy.so", job.path,
                ],
                environment: configuration.environment,
                workingDirectory: job.work,
                output: .append(path: "\(job.work)/output")
            )
        )
        job.child = child
        job.watch = try loop.watch(descriptor: child.pidFileDescriptor) { [unowned self, unowned job] in
            ended(job, swiftc)
        }
        job.timer = loop.schedule(after: Self.timeLimit) { [unowned job] in
            job.isLate = true
            try? job.child?.signalGroup(.kill)
        }
    }

    private func ended(_ job: CompilerJob, _ swiftc: String) {
        let outcome: Outcome
        do {
            guard let status = try job.child?.reap()?.status else { return }
            outcome = self.outcome(of: job, status)
        } catch {
            // How it ended cannot be known any more; its descriptor stays readable, so to wait on would be to spin.
            job.child?.abandon()
            outcome = .failure(ManagerError(.workerStart, "cannot tell whether \(job.path) was compiled: \(error)"))
        }
        if let watch = job.watch { loop.unwatch(watch) }
        if let timer = job.timer { loop.cancel(timer) }
        finish(job, outcome, swiftc)
    }

    private func outcome(of job: CompilerJob, _ status: ExitStatus) -> Outcome {
        guard isOpen else { return .failure(Self.closed) }
        if job.isLate {
            return .failure(ManagerError(.workerStart, "compiling \(job.path) took longer than \(Self.timeLimit.text)"))
        }
        guard status.isSuccess else {
            let output = (try? CompilerFiles.read("\(job.work)/output")) ?? []
            let text = String(decoding: output.prefix(Self.maxOutputBytes), as: UTF8.self)
            return .failure(
                ManagerError(.invalidWorkerConfig, text.isEmpty ? "swiftc on \(job.path) ended with \(status)" : text)
            )
        }
        guard (try? CompilerFiles.read(job.path)) == job.source else {
            return .failure(ManagerError(.workerStart, "\(job.path) changed while it was compiled; start it again"))
        }
        // The folder appears whole, under the name by which it is looked for; an older one is in nobody's way: a process that has
        // loaded it keeps its file.
        _ = try? CompilerFiles.removeFolder(job.folder)
        guard rename(job.work, job.folder) == 0 else {
            return .failure(
                ManagerError(.workerStart, "\(CompilerFiles.failure("keep what was compiled of \(job.path)"))")
            )
        }
        return .success("\(job.folder)/strategy.so")
    }

    private func finish(_ job: CompilerJob, _ outcome: Outcome, _ swiftc: String) {
        _ = try? CompilerFiles.removeFolder(job.work)
        running -= 1
        settle(job, outcome)
        startNext(swiftc)
        tellWhenIdle()
    }

    private func settle(_ job: CompilerJob, _ outcome: Outcome) {
        jobs = jobs.filter { $0.value !== job }
        for done in job.waiting { done(outcome) }
    }

    private func tellWhenIdle() {
        guard isIdle, let whenIdle else { return }
        self.whenIdle = nil
        whenIdle()
    }
}
