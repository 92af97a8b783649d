import Foundation
import Testing
import ZeroMQ

@testable import ManagerCore

/// A compiler of strategies on a loop of its own, whose runs of swiftc are counted.
final class CompilerRig: @unchecked Sendable {
    typealias Outcome = StrategyCompiler.Outcome

    let folder: TemporaryFolder
    private let loop: EventLoop
    /// Belongs to the loop.
    private let compiler: StrategyCompiler

    /// - Parameter command: What the compiler's script does when it has been counted.
    init(_ command: String = #"exec swiftc "$@""#, swiftc: String? = nil, kit: String = Build.kit) throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "test-control")
        let script = try folder.script("echo run >> '\(folder.path)/runs'\n\(command)", as: "swiftc")
        compiler = StrategyCompiler(
            StrategyCompiler.Configuration(
                swiftc: swiftc ?? script,
                kit: kit,
                cache: try folder.makeFolder("cache"),
                environment: ProcessEnvironment.current()
            ),
            loop: loop
        )
    }

    deinit {
        loop.stop()
    }

    func compile(_ path: String) async -> Outcome {
        await withCheckedContinuation { done in
            loop.execute { self.compiler.compile(path) { done.resume(returning: $0) } }
        }
    }

    /// Asks for all of them before the first can be done.
    func compile(together paths: [String]) async throws -> [Outcome] {
        try await loop.run {
            let asked = paths.map { _ in AsyncStream.makeStream(of: Outcome.self) }
            for (path, (_, continuation)) in zip(paths, asked) {
                self.compiler.compile(path) {
                    continuation.yield($0)
                    continuation.finish()
                }
            }
            return asked.map(\.stream)
        }.outcomes
    }

    /// Runs something on the compiler's loop.
    func onLoop(_ work: @escaping @Sendable () -> Void) async throws {
        try await loop.run(work)
    }

    func close() async throws {
        try await loop.run { self.compiler.close() }
    }

    /// How often swiftc has run.
    var runs: Int { ((try? folder.text(of: "runs")) ?? "").split(separator: "\n").count }

    /// Writes a strategy and returns its path.
    func source(_ name: String = "a", _ marker: String = "") throws -> String {
        try folder.write(
            """
            import StrategyKit

            @main
            final class Example: Strategy {
                struct Params: StrategyParams {}
                // \(marker)
            }
            """,
            to: "\(name).swift"
        )
    }
}

extension [AsyncStream<CompilerRig.Outcome>] {
    /// What each says; each must say it once.
    fileprivate var outcomes: [CompilerRig.Outcome] {
        get async throws {
            var outcomes: [CompilerRig.Outcome] = []
            for stream in self {
                var all: [CompilerRig.Outcome] = []
                for await outcome in stream { all.append(outcome) }
                try #require(all.count == 1)
                outcomes += all
            }
            return outcomes
        }
    }
}

extension StrategyCompiler.Outcome {
    /// The error's text; empty for a success.
    var reason: String {
        if case .failure(let error) = self { error.description } else { "" }
    }
}
