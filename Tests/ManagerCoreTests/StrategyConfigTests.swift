import Foundation
import Testing
import WireProtocol

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

    private func processRefusal(_ change: (inout StrategyConfig) -> Void = { _ in }) -> String? {
        var config = StrategyConfig(kind: .process)
        config.path = "/bin/sh"
        change(&config)
        do throws(ManagerError) {
            #expect(try config.validate() == .process)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func aProcessIsAnyExecutableAndHasNoMarketData() throws {
        #expect(processRefusal() == nil)
        // What it is called says nothing.
        let script = try folder.write("#!/bin/sh", to: "tool.swift")
        chmod(script, 0o755)
        #expect(processRefusal { $0.path = script } == nil)
        let text = try folder.write("", to: "a.txt")
        #expect(processRefusal { $0.path = text } == "cannot execute \(text): Permission denied")
        #expect(processRefusal { $0.symbols = ["X"] }?.contains("receives no market data") == true)
        #expect(processRefusal { $0.params = ["a": 1] }?.contains("receives no market data") == true)
        #expect(processRefusal { $0.arguments = ["a\0b"] }?.contains("NUL") == true)
        #expect(processRefusal { $0.arguments = Array(repeating: "", count: 1001) }?.contains("1000") == true)
        for name in ["", "A=B", "QUANTCELL_TOKEN", "A\0"] {
            #expect(processRefusal { $0.environment = [name: "x"] }?.hasPrefix("'environment' cannot have") == true)
        }
        #expect(processRefusal { $0.environment = ["A": String(repeating: "x", count: 1 << 17)] } != nil)
    }

    @Test func argumentsAreForProgramsOfTheirOwn() throws {
        for name in ["a.swift", "a.so"] {
            var config = StrategyConfig(arguments: ["x"])
            config.path = try folder.write("", to: name)
            #expect(throws: ManagerError.self) { try config.validate() }
        }
        var config = StrategyConfig(arguments: ["x"], environment: ["A": "b"])
        config.path = "/bin/sh"
        #expect(try config.validate() == .executable)
    }

    /// What a command started is started again as it was; an older manager's text is a strategy's.
    @Test func theDesiredStateKnowsTheKind() throws {
        var config = StrategyConfig(name: "p", kind: .process, arguments: ["a", "b"], environment: ["A": "b"])
        config.path = "/bin/sh"
        let read = try #require(StrategyConfig(json: config.json.text, defaults: StrategyConfig()))
        #expect(read == config)
        let old = #"{"name":"p","path":"/x","symbols":[],"data_types":[],"params":{}}"#
        #expect(StrategyConfig(json: old, defaults: StrategyConfig())?.kind == .strategy)
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
