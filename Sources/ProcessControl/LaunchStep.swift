import CLinux
import Glibc

/// The step between our spawning a process and a foreign program: it sets what only a process itself can, and then
/// becomes the program.
///
/// It runs in the new process, as a mode of an executable of ours: `host --launch [flags] -- program [arguments]`. The
/// pid, the start time, the session and the environment stay what they are.
package enum LaunchStep {
    /// The first argument, by which the executable knows that it is to be this step.
    package static let mode = "--launch"
    /// The exit code when the program, or a limit, is not to be had. As in shells.
    package static let cannotRun: Int32 = 126
    /// The exit code when there is no such program.
    package static let notFound: Int32 = 127

    /// The arguments, without `argv[0]`, that have the step start `program`.
    ///
    /// - Parameter controlGroup: The group that the program is to be in; joined before anything else.
    package static func arguments(
        limits: ProcessLimits,
        controlGroup: ControlGroup? = nil,
        program: String,
        arguments: [String] = []
    ) -> [String] {
        var result = [mode]
        func add(_ flag: Flag, _ value: String?) {
            if let value { result += [flag.rawValue, value] }
        }
        add(.controlGroup, controlGroup?.path)
        add(.memory, limits.memoryBytes.map(String.init))
        add(.addressSpace, limits.addressSpaceBytes.map(String.init))
        add(.cpuSeconds, limits.cpuSeconds.map(String.init))
        add(.openFiles, limits.openFiles.map(String.init))
        add(.processes, limits.processes.map(String.init))
        add(.core, limits.coreBytes.map(String.init))
        add(.nice, limits.nice.map(String.init))
        add(.cpus, limits.cpuAffinity.map { $0.map(String.init).joined(separator: ",") })
        if let user = limits.user {
            add(.user, ([user.uid, user.gid] + user.groups).map(String.init).joined(separator: ","))
        }
        return result + ["--", program] + arguments
    }

    /// Carries the step out. Standard error says what went wrong, in one line.
    ///
    /// - Parameter arguments: What ``arguments(limits:controlGroup:program:arguments:)`` gives.
    /// - Returns: Only when it failed: the exit code, ``cannotRun`` or ``notFound``.
    package static func run(arguments: [String]) -> Int32 {
        let order: Order
        do throws(ProcessControlError) {
            order = try Order(parsing: arguments)
            try order.prepare()
        } catch {
            return fail(error.message, cannotRun)
        }
        // Threads of Swift's pool block signals, and the program would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var argv = CStringArray([order.program] + order.arguments)
        let number = argv.withPointers { pointers in
            execv(order.program, pointers)
            return errno
        }
        return fail(
            "cannot start \(order.program): \(String(cString: strerror(number)))",
            number == ENOENT ? notFound : cannotRun
        )
    }

    /// How the line begins that says what went wrong.
    package static let complaint = "quantcell: not started: "

    private static func fail(_ message: String, _ code: Int32) -> Int32 {
        let line = "\(complaint)\(message)\n"
        // Should that fail there is nobody left to tell.
        _ = write(STDERR_FILENO, line, line.utf8.count)
        return code
    }

    fileprivate enum Flag: String {
        case controlGroup = "--control-group"
        case memory = "--memory"
        case addressSpace = "--address-space"
        case cpuSeconds = "--cpu-seconds"
        case openFiles = "--open-files"
        case processes = "--processes"
        case core = "--core"
        case nice = "--nice"
        case cpus = "--cpus"
        case user = "--user"
    }
}

extension LaunchStep {
    /// What the arguments ask for.
    struct Order: Equatable {
        var limits = ProcessLimits()
        var controlGroup: ControlGroup?
        var program = ""
        var arguments: [String] = []

        /// - Throws: `invalidRequest`, which names the argument.
        init(parsing arguments: [String]) throws(ProcessControlError) {
            guard arguments.first == LaunchStep.mode else { throw Self.refusal("\(LaunchStep.mode) must come first") }
            var rest = arguments.dropFirst()
            while let name = rest.popFirst(), name != "--" {
                guard let flag = Flag(rawValue: name) else { throw Self.refusal("\(name) is unknown") }
                guard let value = rest.popFirst(), take(flag, value) else {
                    throw Self.refusal("\(name) needs a value that it can use")
                }
            }
            guard let program = rest.popFirst(), program.hasPrefix("/") else {
                throw Self.refusal("the absolute path of a program must follow --")
            }
            self.program = program
            self.arguments = Array(rest)
        }

        private static func refusal(_ reason: String) -> ProcessControlError {
            ProcessControlError(.invalidRequest, operation: "launch a program", reason: reason)
        }

        private mutating func take(_ flag: Flag, _ value: String) -> Bool {
            switch flag {
            case .controlGroup:
                controlGroup = ControlGroup(path: value)
                return value.hasPrefix("/")
            case .memory: return set(\.memoryBytes, UInt64(value))
            case .addressSpace: return set(\.addressSpaceBytes, UInt64(value))
            case .cpuSeconds: return set(\.cpuSeconds, UInt64(value))
            case .openFiles: return set(\.openFiles, UInt64(value))
            case .processes: return set(\.processes, UInt64(value))
            case .core: return set(\.coreBytes, UInt64(value))
            case .nice: return set(\.nice, Int32(value))
            case .cpus: return set(\.cpuAffinity, Self.numbers(value))
            case .user:
                guard let ids: [UInt32] = Self.numbers(value), ids.count >= 2 else { return false }
                limits.user = ProcessUser(uid: ids[0], gid: ids[1], groups: Array(ids[2...]))
                return true
            }
        }

        private mutating func set<Value>(_ limit: WritableKeyPath<ProcessLimits, Value?>, _ value: Value?) -> Bool {
            limits[keyPath: limit] = value
            return value != nil
        }

        private static func numbers<Number: FixedWidthInteger>(_ text: String) -> [Number]? {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Number($0) }
            return numbers.count == parts.count ? numbers : nil
        }

        /// Sets everything, in the order that the kernel's permissions ask for.
        ///
        /// - Throws: `controlGroupFailed`, `limitNotApplied`.
        func prepare() throws(ProcessControlError) {
            try controlGroup?.add(pid: getpid())
            try limits.apply(to: 0, actingFor: limits.user?.uid)
            try limits.user?.assume()
            guard qc_set_no_new_privileges() == 0 else {
                throw ProcessControlError(.limitNotApplied, operation: "give up new privileges", errno: errno)
            }
        }
    }
}
