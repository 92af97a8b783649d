import Foundation

/// Why the check could not be made.
struct CheckError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A folder below the system's temporary one, which goes with this value.
final class Folder {
    let path: String

    init() throws {
        // Short: the path of a socket may have 107 bytes.
        let name = "qcalloc.\(UInt32.random(in: 0...(.max)))"
        path = FileManager.default.temporaryDirectory.appending(path: name).path
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// What this program knows of itself.
enum Program {
    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    /// The kernel's id of a thread of this process.
    static func thread(named name: String) throws -> Int32 {
        for id in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
            let comm = try? String(contentsOfFile: "/proc/self/task/\(id)/comm", encoding: .utf8)
            if comm == "\(name)\n", let thread = Int32(id) { return thread }
        }
        throw CheckError("there is no thread '\(name)'")
    }
}
