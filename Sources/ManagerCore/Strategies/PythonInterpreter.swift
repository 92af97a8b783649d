internal import CLinux
internal import Glibc
internal import ProcessControl
internal import WireProtocol

/// Where the interpreter of a strategy in Python is, and what it must have.
enum PythonInterpreter {
    /// The oldest version that the kit runs on.
    static let oldest = (major: 3, minor: 9)

    /// Prints the version, pyzmq's, and how packages are installed, in words that any version of Python understands.
    static let probe = """
        import sys
        words = ['.'.join(str(part) for part in sys.version_info[:3])]
        try:
            import zmq
            words.append(zmq.__version__)
        except ImportError:
            words.append('-')
        import os, sysconfig
        managed = os.path.exists(os.path.join(sysconfig.get_path('stdlib') or '', 'EXTERNALLY-MANAGED'))
        venv = sys.prefix != getattr(sys, 'base_prefix', sys.prefix)
        words.append('managed' if managed and not venv else 'free')
        print(' '.join(words))
        """

    /// Finds the interpreter, without running it.
    ///
    /// - Parameters:
    ///   - configured: The path of an interpreter, the folder of a virtual environment, a name to look for, or nothing for `python3`.
    ///   - searchPath: Where names are looked for.
    /// - Returns: An absolute path. A link is not followed: by its own place an interpreter knows its virtual environment.
    /// - Throws: ``ManagerError`` that says what to install or to set.
    static func find(_ configured: String, in searchPath: String) throws(ManagerError) -> String {
        let name = configured.isEmpty ? "python3" : configured
        guard name.contains("/") else {
            if let path = ExecutableSearch.find(name, in: searchPath) { return path }
            throw ManagerError(
                .invalidWorkerConfig,
                "there is no interpreter for strategies in Python: '\(name)' was not found in PATH; to install one: apt-get install python3; "
                    + "or set 'python' in the configuration to the path of one"
            )
        }
        var info = stat()
        let isFolder = stat(name, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
        let candidates = isFolder ? ["\(name)/bin/python3", "\(name)/bin/python"] : [name]
        if let path = candidates.compactMap({ ExecutableSearch.find($0, in: "") }).first { return path }
        throw ManagerError(
            .invalidWorkerConfig,
            isFolder
                ? "\(name) is no virtual environment: it has no bin/python3; to make one: python3 -m venv \(name)"
                : "the interpreter \(name) cannot be run: \(String(cString: strerror(errno))); set 'python' to the path of one that can"
        )
    }

    /// Says what an interpreter lacks, from what ``probe`` has printed; `nil` when it has everything.
    static func problem(_ path: String, printed: String) -> ManagerError? {
        let words = printed.split(whereSeparator: \.isWhitespace).suffix(3).map(String.init)
        let numbers = (words.first ?? "").split(separator: ".").compactMap { Int($0) }
        guard words.count == 3, numbers.count == 3 else {
            return ManagerError(
                .invalidWorkerConfig,
                "\(path) is no Python interpreter that works; it says: \(printed.suffix(500))"
            )
        }
        guard (numbers[0], numbers[1]) >= (oldest.major, oldest.minor) else {
            return ManagerError(
                .invalidWorkerConfig,
                "\(path) is Python \(words[0]); strategies need \(oldest.major).\(oldest.minor) or later: set 'python' in the configuration, or "
                    + "--python, to such a one; to install one: apt-get install python3"
            )
        }
        guard words[1] == "-" else { return nil }
        let command =
            words[2] == "managed"
            ? "apt-get install python3-zmq; or use a virtual environment: python3 -m venv FOLDER, FOLDER/bin/python -m pip install pyzmq, "
                + "and set 'python' to FOLDER"
            : "\(path) -m pip install pyzmq"
        return ManagerError(
            .invalidWorkerConfig,
            "\(path) (Python \(words[0])) has no pyzmq; to install it: \(command)"
        )
    }
}
