import Foundation
import Testing
import WireProtocol

/// What the examples in other languages have to signal, worked out from its definition: a close above the one before, when the last
/// that differed was below, or the other way round.
struct Turn: Hashable {
    let sequence: Int
    let name: String
    let side: String
    let price: Double

    static func all(of closes: [Double]) -> [Turn] {
        let changes = closes.indices.dropFirst().map { (index: $0, isUp: closes[$0] > closes[$0 - 1]) }
            .filter { closes[$0.index] != closes[$0.index - 1] }
        return zip(changes, changes.dropFirst()).compactMap { before, now in
            guard before.isUp != now.isUp else { return nil }
            return Turn(
                sequence: now.index + 1,
                name: now.isUp ? "turn_up" : "turn_down",
                side: now.isUp ? "buy" : "sell",
                price: closes[now.index]
            )
        }
    }

    init(sequence: Int, name: String, side: String, price: Double) {
        self.sequence = sequence
        self.name = name
        self.side = side
        self.price = price
    }

    /// As the manager gives it out.
    init(_ signal: JSONValue) throws {
        try self.init(
            sequence: Int(#require(signal["sequence"]?.integerValue)),
            name: #require(signal["name"]?.stringValue),
            side: #require(signal["side"]?.stringValue),
            price: #require(signal["price"]?.doubleValue)
        )
    }
}

/// One of the workers of `strategies/any_language`, ready to be started.
enum ForeignWorker: String, CaseIterable, CustomTestStringConvertible {
    case c = "turns.c"
    case python = "turns.py"

    var testDescription: String { rawValue }

    private static let folder = Build.repository.appending(path: "strategies/any_language").path

    /// Whether what it needs is here: a compiler is, wherever Swift is.
    static var runnable: [ForeignWorker] { allCases.filter { $0 != .python || Pages.hasZeroMQ } }

    /// Builds it as its user would, with all warnings as errors.
    func executable(_ manager: TestManager) throws -> String {
        guard self == .c else { return "\(Self.folder)/\(rawValue)" }
        let path = "\(manager.folder)/turns"
        let compiler = try #require(Self.compiler(manager.environment["PATH"] ?? ""), "no C compiler")
        let arguments = [
            "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, "\(Self.folder)/turns.c", "-lzmq",
            "-lpthread",
        ]
        let done = try manager.program(compiler, arguments).finish()
        try #require(done.code == 0, "\(done.errors)")
        return path
    }

    private static func compiler(_ path: String) -> String? {
        let folders = path.split(separator: ":").map(String.init)
        return ["cc", "clang"].lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
