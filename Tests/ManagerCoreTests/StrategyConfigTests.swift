import Foundation
import Testing

@testable import ManagerCore

@Suite struct StrategyConfigTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func kind(_ path: String, symbols: [String] = [], dataTypes: [String] = ["kline"]) throws(ManagerError)
        -> StrategyKind
    {
        var config = StrategyConfig(symbols: symbols, dataTypes: dataTypes)
        config.path = path
        return try config.validate()
    }

    private func refusal(_ path: String, symbols: [String] = [], dataTypes: [String] = ["kline"]) -> String? {
        do throws(ManagerError) {
            _ = try kind(path, symbols: symbols, dataTypes: dataTypes)
            return nil
        } catch {
            #expect(error.code == .invalidWorkerConfig)
            return error.description
        }
    }

    @Test func theFileSaysWhatItIs() throws {
        #expect(try kind(folder.write("", to: "a.swift")) == .source)
        #expect(try kind(folder.write("", to: "a.so")) == .library)
        #expect(try kind(folder.write("", to: "a.py")) == .python)
        let program = try folder.write("#!/usr/bin/env python3\n", to: "program.py")
        #expect(try kind(program) == .python)
        chmod(program, 0o755)
        #expect(try kind(program) == .executable)
        #expect(try kind(folder.script("")) == .executable)
        #expect(try kind("/bin/sh") == .executable)
    }

    @Test func whatCannotRunIsRefusedWithItsReason() throws {
        #expect(refusal("a.swift") == "the strategy's path must be absolute, not 'a.swift'")
        #expect(refusal("") == "the strategy's path must be absolute, not ''")
        #expect(refusal("/no/such.swift") == "cannot read /no/such.swift: No such file or directory")
        let directory = try folder.makeFolder("d.swift")
        #expect(refusal(directory) == "\(directory) is not a file")
        let text = try folder.write("", to: "a.txt")
        #expect(refusal(text) == "\(text) is neither a .swift file, a .py file, a .so nor an executable program")
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func aFileThatMayNotBeReadIsRefused() throws {
        let path = try folder.write("", to: "a.swift")
        chmod(path, 0)
        #expect(refusal(path) == "cannot read \(path): Permission denied")
    }

    @Test func symbolsAndDataTypesMustMakeTopics() throws {
        let path = try folder.write("", to: "a.swift")
        #expect(refusal(path, symbols: ["BTC/USDT", "BRK.B", "日経"], dataTypes: ["kline_1m", "tick"]) == nil)
        for symbol in ["", "A B", "A\n", String(repeating: "x", count: 65)] {
            #expect(refusal(path, symbols: ["OK", symbol])?.contains("is not a symbol") == true)
        }
        for dataType in ["", "k.line", "k-line", String(repeating: "x", count: 33)] {
            #expect(
                refusal(path, symbols: ["OK"], dataTypes: ["kline", dataType])?.contains("is not a data type") == true
            )
        }
        #expect(refusal(path, symbols: Array(repeating: "A", count: 10_001)) == "too many symbols or data types")
        #expect(refusal(path, dataTypes: Array(repeating: "a", count: 101)) == "too many symbols or data types")
    }

    @Test(arguments: [
        ("/a/sma_cross.swift", "sma_cross"), ("/a/b.c/worker.v2.so", "worker.v2"), ("/a/program", "program"),
        ("/a/.hidden", ".hidden"), ("/", ""),
    ])
    func theNameComesFromTheFile(_ path: String, _ name: String) {
        var config = StrategyConfig()
        config.path = path
        #expect(config.baseName == name)
    }

    @Test(arguments: ["a", "A-1", "sma_cross.v2", "0", "-", "_", String(repeating: "x", count: 64)])
    func goodNames(_ name: String) {
        #expect(StrategyConfig.isName(name))
    }

    @Test(arguments: [
        "", ".", "..", ".a", "a/b", "../a", "a b", "a\n", "a\0", "é", "a:b", "@", "[", "`", "{", "/",
        String(repeating: "x", count: 65),
    ])
    func badNames(_ name: String) {
        #expect(!StrategyConfig.isName(name))
    }
}
