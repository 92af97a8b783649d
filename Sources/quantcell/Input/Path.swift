import Glibc

/// File paths as text.
enum Path {
    /// The folder in which the program was started; `/` when it no longer exists.
    static func workingFolder() -> String {
        guard let buffer = getcwd(nil, 0) else { return "/" }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    /// The path from the root, without `.` and `..`; `~/` stands for the home folder, and symbolic links stay.
    static func absolute(
        _ path: String,
        from folder: String = workingFolder(),
        home: String? = Environment.value("HOME")
    ) -> String {
        var whole = path.hasPrefix("/") ? path : join(folder, path)
        if path.hasPrefix("~/"), let home { whole = home + path.dropFirst() }
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A name in a folder.
    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// What comes after the last slash.
    static func name(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// What comes before the last slash; `/` for a name at the root.
    static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// The program's environment variables.
enum Environment {
    /// The value of a variable, or `nil` when it is not set.
    static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

/// What the system calls an error number.
func errorText(_ number: Int32) -> String {
    String(cString: strerror(number))
}
