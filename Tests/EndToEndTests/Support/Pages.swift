import Foundation
import Testing

/// The programs on the pages of the wire protocol, run as they are written there.
enum Pages {
    /// The interpreter, and whether it has pyzmq.
    static let python: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    static let hasZeroMQ: Bool = {
        guard let python, let folder = try? TestFolder() else { return false }
        defer { folder.remove() }
        let arguments = ["-c", "import zmq"]
        let run = try? Program(python, arguments, environment: folder.environment, folder: folder.path).finish()
        return run?.code == 0
    }()

    /// Writes the program that stands on `page` under the name `file` into `folder`, and returns its path.
    static func write(_ file: String, from page: String, to folder: String, above: String = "") throws -> String {
        let source = Build.repository.appending(path: "Sources/WireProtocol/WireProtocol.docc/\(page).md")
        let blocks = try String(contentsOf: source, encoding: .utf8).components(separatedBy: "```python\n").dropFirst()
        let block = try #require(blocks.first { $0.hasPrefix("# file: \(file)\n") }, "\(page).md has no \(file)")
        let program = try #require(block.components(separatedBy: "\n```").first)
        let path = "\(folder)/\(file)"
        try (above + program + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that run Python programs; `make test` installs what they need.
    static var needsPython: Self {
        .enabled(if: Pages.hasZeroMQ, "python3 with pyzmq is missing; 'make test' installs it")
    }
}
