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

    /// The largest source that is compiled, bytes.
    private static let maxSourceBytes = 4 << 20
    /// How much of the compiler's output reaches the user, bytes.
    private static let maxOutputBytes = 16 << 10
    /// How many compilers run at once.
    private static let maxRunning = 2
    /// How long one may run.
    private static let timeLimit = Duration.seconds(300)

    /// One run of the compiler, and everybody who waits for it.
    private final class Job {
        let folder: String
        let work: String
        let source: [UInt8]
        let path: String
        var child: ChildProcess?
        var watch: EventLoop.Watch?
        var timer: EventLoop.Timer?
        var isLate = false
        var waiting: [(Outcome) -> Void] = []

        init(folder: String, work: String, source: [UInt8], path: String) {
            self.folder = folder
            self.work = work
            self.source = source
            self.path = path
        }
    }

    private let configuration: Configuration
    private let loop: EventLoop
    private var jobs: [String: Job] = [:]
    private var queue: [Job] = []
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
            source = try Self.read(path)
            swiftc = try findCompiler()
            try checkKit()
        } catch {
            return done(.failure(error))
        }
        let key = Self.hash([source, Array(swiftc.utf8), kitStamp()])
        let folder = "\(configuration.cache)/\(key)"
        if let cached = (try? Self.read("\(folder)/source.swift")), cached == source,
            access("\(folder)/strategy.so", R_OK) == 0
        {
            return done(.success("\(folder)/strategy.so"))
        }
        if let job = jobs[key] {
            job.waiting.append(done)
            return
        }
        let job = Job(folder: folder, work: "\(folder).\(getpid()).new", source: source, path: path)
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

    private func start(_ job: Job, _ swiftc: String) throws {
        guard mkdir(job.work, 0o700) == 0 || errno == EEXIST else { throw Self.failure("make \(job.work)") }
        unlink("\(job.work)/output")
        try Self.write(job.source, to: "\(job.work)/source.swift")
        let child = try ChildProcess.spawn(
            SpawnRequest(
                executable: swiftc,
                arguments: [
                    "-O", "-parse-as-library", "-emit-library", "-module-name", "Strategy", "-I", configuration.kit,
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

    private func ended(_ job: Job, _ swiftc: String) {
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

    private func outcome(of job: Job, _ status: ExitStatus) -> Outcome {
        guard isOpen else { return .failure(Self.closed) }
        if job.isLate {
            return .failure(ManagerError(.workerStart, "compiling \(job.path) took longer than \(Self.timeLimit.text)"))
        }
        guard status.isSuccess else {
            let output = (try? Self.read("\(job.work)/output")) ?? []
            let text = String(decoding: output.prefix(Self.maxOutputBytes), as: UTF8.self)
            return .failure(
                ManagerError(.invalidWorkerConfig, text.isEmpty ? "swiftc on \(job.path) ended with \(status)" : text)
            )
        }
        guard (try? Self.read(job.path)) == job.source else {
            return .failure(ManagerError(.workerStart, "\(job.path) changed while it was compiled; start it again"))
        }
        // The folder appears whole, under the name by which it is looked for; an older one is in nobody's way: a process that has
        // loaded it keeps its file.
        _ = try? Self.removeFolder(job.folder)
        guard rename(job.work, job.folder) == 0 else {
            return .failure(ManagerError(.workerStart, "\(Self.failure("keep what was compiled of \(job.path)"))"))
        }
        return .success("\(job.folder)/strategy.so")
    }

    private func finish(_ job: Job, _ outcome: Outcome, _ swiftc: String) {
        _ = try? Self.removeFolder(job.work)
        running -= 1
        settle(job, outcome)
        startNext(swiftc)
        tellWhenIdle()
    }

    private func settle(_ job: Job, _ outcome: Outcome) {
        jobs = jobs.filter { $0.value !== job }
        for done in job.waiting { done(outcome) }
    }

    private func tellWhenIdle() {
        guard isIdle, let whenIdle else { return }
        self.whenIdle = nil
        whenIdle()
    }

    // MARK: What it needs

    private func findCompiler() throws(ManagerError) -> String {
        let name = configuration.swiftc.isEmpty ? "swiftc" : configuration.swiftc
        if name.contains("/") {
            guard access(name, X_OK) == 0 else {
                throw ManagerError(
                    .workerStart,
                    "the compiler \(name) cannot be run; set 'manager.swiftc' to one that can"
                )
            }
            return name
        }
        guard let path = ExecutableSearch.find(name, in: configuration.environment["PATH"] ?? "") else {
            throw ManagerError(
                .workerStart,
                "swiftc was not found in PATH; install a Swift 6 toolchain, or set 'manager.swiftc' to its path"
            )
        }
        return path
    }

    private func checkKit() throws(ManagerError) {
        guard access("\(configuration.kit)/StrategyKit.swiftmodule", R_OK) == 0 else {
            throw ManagerError(
                .workerStart,
                "StrategyKit.swiftmodule was not found in \(configuration.kit); set 'manager.kit_dir' to its folder"
            )
        }
    }

    /// Changes whenever the kit is built again.
    private func kitStamp() -> [UInt8] {
        var info = stat()
        stat("\(configuration.kit)/StrategyKit.swiftmodule", &info)
        return Array("\(configuration.kit) \(info.st_size) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)".utf8)
    }

    /// FNV-1a, twice with different beginnings: 128 bits.
    private static func hash(_ parts: [[UInt8]]) -> String {
        [0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142].map { (start: UInt64) in
            var hash = start
            for part in parts {
                for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
                hash = (hash ^ 0xFF) &* 0x100_0000_01B3
            }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

// Files of the cache.
extension StrategyCompiler {
    private static func read(_ path: String) throws(ManagerError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read \(path)") }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maxSourceBytes + 1)
        var count = 0
        while count < bytes.count {
            let part = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            guard part >= 0 else { throw failure("read \(path)") }
            if part == 0 { break }
            count += part
        }
        guard count <= maxSourceBytes else {
            throw ManagerError(.invalidWorkerConfig, "\(path) is larger than \(maxSourceBytes >> 20) MiB")
        }
        return Array(bytes.prefix(count))
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(ManagerError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write \(path)") }
        defer { Glibc.close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure("write \(path)") }
    }

    /// Removes a folder of the cache; such folders hold only files.
    private static func removeFolder(_ path: String) throws(ManagerError) {
        guard let folder = opendir(path) else { throw failure("open \(path)") }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        guard rmdir(path) == 0 else { throw failure("remove \(path)") }
    }

    private static func failure(_ operation: String) -> ManagerError {
        ManagerError(.workerStart, "cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
