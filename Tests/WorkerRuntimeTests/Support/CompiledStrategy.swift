import Foundation

/// Strategies that the tests run, compiled outside the package as a user's are.
enum CompiledStrategy {
    struct CompilerFailed: Error { let output: String }

    /// Does what its parameter `mode` says.
    static let probe = Result { try compile(source: probeSource, name: "Probe") }
    /// The crossover that the project ships.
    static let smaCross = Result {
        try compile(file: repository.appending(path: "strategies/sma_cross.swift"), name: "SMACross")
    }
    /// Remembers what it has handled.
    static let keeper = Result { try compile(source: keeperSource, name: "Keeper") }
    /// A shared object with a `main` that registers nothing.
    static let noStrategy = Result {
        try compile(source: "@main struct Nothing { static func main() {} }", name: "Nothing")
    }

    /// Where the build has put its products.
    static let products: URL = {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    static let repository: URL = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url
    }()

    private static func compile(source: String, name: String) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString).swift")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(source.utf8).write(to: file)
        return try compile(file: file, name: name)
    }

    /// The object lies next to the build's products, so that no run leaves anything elsewhere.
    private static func compile(file: URL, name: String) throws -> String {
        let output = products.appending(path: "lib\(name)ForTests.so").path
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = [
            "swiftc", "-O", "-parse-as-library", "-emit-library", "-module-name", name, "-I",
            products.appending(path: "Modules").path, "-o", output, file.path,
        ]
        let pipe = Pipe()
        compiler.standardError = pipe
        compiler.standardOutput = pipe
        try compiler.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw CompilerFailed(output: text) }
        return output
    }

    private static let probeSource = """
        import Glibc
        import StrategyKit

        @main
        final class Probe: Strategy {
            struct Params: StrategyParams {
                var mode = "normal"
                var level = 1.5
            }

            func onStart(_ context: Context<Params>) throws {
                print("printed by the strategy")
                if context.params.mode == "refuse" { throw StrategyError("not today") }
                if context.params.mode == "timer" { try context.every("5ms", "tick-tock") }
            }

            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                switch context.params.mode {
                case "throw": throw StrategyError("bar \\(bar.sequence) is bad")
                case "stuck": while true { sleep(1) }
                case "spin": spin(bar.close)
                case "chatter":
                    // In two pieces, which belong together.
                    print("bar ", terminator: "")
                    print(bar.sequence)
                default: context.signal("bar", side: .buy, data: ["open": bar.open, "interval": bar.interval])
                }
            }

            @inline(never)
            private func spin(_ start: Double) {
                var value = start
                while value > 0 { value += 1 }
                print(value)
            }

            func onTimer(_ name: String, _ context: Context<Params>) throws {
                context.signal(name)
                context.cancel(name)
            }

            func onParams(_ previous: Params, _ context: Context<Params>) throws {
                context.signal("params", data: ["from": previous.level, "to": context.params.level])
            }

            func onPause(_ context: Context<Params>) throws { context.signal("pause") }
            func onResume(_ context: Context<Params>) throws { context.signal("resume") }
            func onStop(_ context: Context<Params>) throws {
                print("onStop")
                context.signal("goodbye", symbol: "BTC")
            }
        }
        """

    private static let keeperSource = """
        import Glibc
        import StrategyKit

        @main
        final class Keeper: Strategy {
            struct Params: StrategyParams {
                var mode = "normal"
                var padding = 0
            }

            struct State: Codable {
                var count = 0
                var sum = 0.0
                var gaps: [String] = []
                var padding = ""
            }

            var state = State()

            func onStart(_ context: Context<Params>) throws {
                context.log.info("begins with \\(state.count) restored=\\(context.isRestored)")
                state.padding = String(repeating: "x", count: context.params.padding)
                if context.params.mode == "seed" { state.count = try context.history("BTC", count: 3).count }
            }

            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                state.count += 1
                state.sum += bar.close
                var data: [String: any SignalValueConvertible] = [
                    "count": state.count, "sum": state.sum, "replaying": context.isReplaying, "replayed": bar.isReplayed,
                ]
                if context.params.mode == "history" {
                    let bars = try context.history("BTC", count: 5)
                    data["history"] = bars.map { "\\($0.sequence)\\($0.isReplayed ? "r" : "")" }.joined(separator: " ")
                }
                // Longer than the worker goes on with one kind of work before it looks at the others.
                if context.params.mode == "slow" { usleep(25_000) }
                if context.params.mode == "grow" { state.padding = String(repeating: "x", count: 17 << 20) }
                context.signal("bar", data: data)
            }

            func onGap(_ gap: Gap, _ context: Context<Params>) throws {
                state.gaps.append("\\(gap.from)-\\(gap.to)")
                context.signal("gap", data: ["from": Int(gap.from), "to": Int(gap.to), "reason": gap.reason])
            }
        }
        """
}
