internal import CLinux
internal import Glibc
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// Checks interpreters before strategies are handed to them, and remembers those that have all they need.
///
/// It belongs to the control loop, and waits for the interpreters there without blocking it.
final class PythonChecker {
    /// Whether it can be used, and if not, why.
    typealias Outcome = Result<Void, ManagerError>

    /// How long an interpreter may take to say its version.
    private static let timeLimit = Duration.seconds(30)

    /// One run of an interpreter, and everybody who waits for it.
    private final class Job {
        let output: String
        var child: ChildProcess?
        var watch: EventLoop.Watch?
        var timer: EventLoop.Timer?
        var waiting: [(Outcome) -> Void] = []
        /// What is wrong, from how it ended and what it printed.
        var judge: (ExitStatus, String) -> ManagerError? = { _, _ in nil }

        init(output: String) { self.output = output }
    }

    private let folder: String
    private let environment: [String: String]
    private let loop: EventLoop
    /// What an interpreter's file was when it was found good.
    private var good: [String: String] = [:]
    private var jobs: [String: Job] = [:]
    private var isOpen = true
    private var whenIdle: (() -> Void)?

    /// Whether nobody waits for an interpreter.
    var isIdle: Bool { jobs.isEmpty }

    /// - Parameter folder: Where interpreters write what they have to say.
    init(folder: String, environment: [String: String], loop: EventLoop) {
        self.folder = folder
        self.environment = environment
        self.loop = loop
    }

    /// Finds the interpreter that the configuration means.
    ///
    /// - Throws: ``ManagerError``
    func find(_ configured: String) throws(ManagerError) -> String {
        try PythonInterpreter.find(configured, in: environment["PATH"] ?? "")
    }

    /// Checks an interpreter; `done` is called on the loop, at once where it has been found good before.
    func check(_ path: String, done: @escaping (Outcome) -> Void) {
        guard isOpen else { return done(.failure(Self.closed)) }
        if let stamp = Self.stamp(path), good[path] == stamp { return done(.success(())) }
        if let job = jobs[path] {
            job.waiting.append(done)
            return
        }
        let job = Job(output: "\(folder)/python-check-\(MessageID.make().prefix(8))")
        job.judge = { [unowned self] status, printed in
            if let problem = PythonInterpreter.problem(path, printed: printed.isEmpty ? "\(status)" : printed) {
                return problem
            }
            good[path] = Self.stamp(path)
            return nil
        }
        run(job, path, ["-c", PythonInterpreter.probe], key: path, done)
    }

    /// Checks whether a file can be compiled, before a process that runs is given up for it.
    ///
    /// - Parameter done: Called on the loop.
    func check(_ file: String, with path: String, done: @escaping (Outcome) -> Void) {
        guard isOpen else { return done(.failure(Self.closed)) }
        let job = Job(output: "\(folder)/python-check-\(MessageID.make().prefix(8))")
        job.judge = { status, printed in
            status.isSuccess ? nil : ManagerError(.invalidWorkerConfig, printed.isEmpty ? "\(status)" : printed)
        }
        run(job, path, ["-c", Self.compile, file], key: "\(path) \(MessageID.make())", done)
    }

    /// Says what is wrong with a file as the interpreter says it, with file and line, and nothing else.
    private static let compile = """
        import sys, traceback
        try:
            compile(open(sys.argv[1], 'rb').read(), sys.argv[1], 'exec')
        except (SyntaxError, ValueError) as error:
            sys.exit(''.join(traceback.format_exception_only(type(error), error)).strip())
        """

    /// Ends all that run; whoever waits is told. `then` runs when the last one is gone, at once where none runs.
    func close(then: @escaping () -> Void) {
        isOpen = false
        whenIdle = then
        for job in jobs.values { try? job.child?.signalGroup(.kill) }
        tellWhenIdle()
    }

    private static let closed = ManagerError(.serviceUnavailable, "the manager is stopping")

    private func run(
        _ job: Job,
        _ path: String,
        _ arguments: [String],
        key: String,
        _ done: @escaping (Outcome) -> Void
    ) {
        job.waiting = [done]
        jobs[key] = job
        do {
            try start(job, path, arguments, key)
        } catch {
            settle(key, .failure(ManagerError(.invalidWorkerConfig, "cannot run \(path): \(error)")))
        }
    }

    private func start(_ job: Job, _ path: String, _ arguments: [String], _ key: String) throws {
        let child = try ChildProcess.spawn(
            SpawnRequest(
                executable: path,
                arguments: arguments,
                environment: environment,
                // So that nothing that lies in the manager's own folder is taken for a module.
                workingDirectory: "/",
                output: .append(path: job.output)
            )
        )
        job.child = child
        job.watch = try loop.watch(descriptor: child.pidFileDescriptor) { [unowned self] in ended(job, key) }
        job.timer = loop.schedule(after: Self.timeLimit) { [unowned job] in try? job.child?.signalGroup(.kill) }
    }

    private func ended(_ job: Job, _ key: String) {
        var status = ExitStatus.unknown
        do {
            guard let exit = try job.child?.reap() else { return }
            status = exit.status
        } catch {
            job.child?.abandon()
        }
        if let watch = job.watch { loop.unwatch(watch) }
        if let timer = job.timer { loop.cancel(timer) }
        let printed = String(decoding: (try? CompilerFiles.read(job.output)) ?? [], as: UTF8.self)
        guard isOpen else { return settle(key, .failure(Self.closed)) }
        settle(key, job.judge(status, printed).map(Outcome.failure) ?? .success(()))
    }

    private func settle(_ key: String, _ outcome: Outcome) {
        guard let job = jobs.removeValue(forKey: key) else { return }
        unlink(job.output)
        for done in job.waiting { done(outcome) }
        tellWhenIdle()
    }

    private func tellWhenIdle() {
        guard isIdle, let whenIdle else { return }
        self.whenIdle = nil
        whenIdle()
    }

    /// Changes when the interpreter is exchanged.
    private static func stamp(_ path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return "\(info.st_dev) \(info.st_ino) \(info.st_size) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
    }
}
