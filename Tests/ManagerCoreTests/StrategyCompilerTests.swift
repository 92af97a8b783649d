import Foundation
import Testing

@testable import ManagerCore

/// The compiler against the real swiftc, on a real loop.
@Suite struct StrategyCompilerTests {
    @Test func aStrategyIsCompiledOnceAndFoundAgain() async throws {
        let rig = try CompilerRig()
        let path = try rig.source()
        let library = try await rig.compile(path).get()
        #expect(library.hasPrefix("\(rig.folder.path)/cache/"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: library)).starts(with: [0x7F] + Array("ELF".utf8)))
        #expect(try await rig.compile(path).get() == library)
        #expect(rig.runs == 1)
        // Another file with the same text is the same strategy.
        #expect(try await rig.compile(try rig.source("b")).get() == library)
        #expect(rig.runs == 1)
        #expect(try rig.folder.names(in: "cache").count == 1)
    }

    @Test func aChangedSourceIsCompiledAgainAndTheOldOneIsKept() async throws {
        let rig = try CompilerRig()
        let first = try await rig.compile(try rig.source("a", "one")).get()
        let second = try await rig.compile(try rig.source("a", "two")).get()
        #expect(first != second)
        #expect(rig.runs == 2)
        #expect(try await rig.compile(try rig.source("a", "one")).get() == first)
        #expect(rig.runs == 2)
    }

    @Test func whatIsMissingOrForeignInTheCacheIsCompiledAgain() async throws {
        let rig = try CompilerRig()
        let path = try rig.source()
        let library = try await rig.compile(path).get()
        let name = String(library.dropFirst(rig.folder.path.utf8.count + 1))
        try rig.folder.remove(name)
        #expect(try await rig.compile(path).get() == library)
        #expect(rig.runs == 2)
        #expect(rig.folder.exists(name))
        // As if two sources had one hash.
        try rig.folder.write("// another", to: name.replacing("strategy.so", with: "source.swift"))
        #expect(try await rig.compile(path).get() == library)
        #expect(rig.runs == 3)
    }

    @Test func aKitThatWasBuiltAgainCompilesAgain() async throws {
        let kit = try TemporaryFolder()
        let module = "\(kit.path)/StrategyKit.swiftmodule"
        try FileManager.default.copyItem(atPath: "\(Build.kit)/StrategyKit.swiftmodule", toPath: module)
        let rig = try CompilerRig(kit: kit.path)
        let path = try rig.source()
        let first = try await rig.compile(path).get()
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: module)
        #expect(try await rig.compile(path).get() != first)
        #expect(rig.runs == 2)
    }

    @Test func anErrorNamesFileAndLineAndLeavesNothing() async throws {
        let rig = try CompilerRig()
        let path = try rig.folder.write("import StrategyKit\n\nlet x: Int = \"text\"\n", to: "bad.swift")
        let outcome = await rig.compile(path)
        #expect(outcome.reason.contains("\(path):3:14: error: cannot convert value"), "\(outcome.reason)")
        guard case .failure(let error) = outcome else { return }
        #expect(error.code == .invalidWorkerConfig)
        #expect(try rig.folder.names(in: "cache") == [])
        // Not remembered: the next attempt compiles again.
        _ = await rig.compile(path)
        #expect(rig.runs == 2)
        #expect(try await rig.compile(try rig.source("bad")).get().hasSuffix("/strategy.so"))
    }

    @Test func requestsForOneSourceShareOneRun() async throws {
        let rig = try CompilerRig()
        let (a, b) = (try rig.source("a"), try rig.source("b"))
        let outcomes = try await rig.compile(together: [a, a, b, a]).map { try $0.get() }
        #expect(Set(outcomes).count == 1)
        #expect(outcomes.count == 4)
        #expect(rig.runs == 1)
    }

    @Test func moreThanMayRunAtOnceAreAllCompiled() async throws {
        let rig = try CompilerRig()
        let paths = try (0..<5).map { try rig.source("s\($0)", "\($0)") }
        let outcomes = try await rig.compile(together: paths).map { try $0.get() }
        #expect(Set(outcomes).count == 5)
        #expect(rig.runs == 5)
    }

    @Test func aSourceThatChangesMeanwhileIsNotTaken() async throws {
        let rig = try CompilerRig(#"for last; do :; done; echo '// changed' >> "$last"; exec swiftc "$@""#)
        let path = try rig.source()
        #expect(await rig.compile(path).reason == "\(path) changed while it was compiled; start it again")
        #expect(try rig.folder.names(in: "cache") == [])
    }

    @Test func aCompilerThatSaysNothingIsNamedWithItsEnd() async throws {
        let rig = try CompilerRig("kill -9 $$")
        let path = try rig.source()
        #expect(await rig.compile(path).reason.hasPrefix("swiftc on \(path) ended with "))
    }

    // MARK: What cannot be compiled

    @Test(arguments: ["no-such-swiftc", "/no/such/swiftc"])
    func aMissingCompilerSaysWhatToDo(_ swiftc: String) async throws {
        let rig = try CompilerRig(swiftc: swiftc)
        let outcome = await rig.compile(try rig.source())
        #expect(outcome.reason.contains("'manager.swiftc'"), "\(outcome.reason)")
    }

    @Test func aMissingKitSaysWhatToDo() async throws {
        let rig = try CompilerRig(kit: "/no/such/kit")
        #expect(
            await rig.compile(try rig.source()).reason
                == "StrategyKit.swiftmodule was not found in /no/such/kit; set 'manager.kit_dir' to its folder"
        )
        #expect(rig.runs == 0)
    }

    @Test func anUnreadableSourceIsNamed() async throws {
        let rig = try CompilerRig()
        #expect(await rig.compile("/no/such.swift").reason == "cannot read /no/such.swift: No such file or directory")
        let folder = try rig.folder.makeFolder("d.swift")
        #expect(await rig.compile(folder).reason == "cannot read \(folder): Is a directory")
        #expect(rig.runs == 0)
    }

    @Test func aSourceThatIsTooLargeIsRefused() async throws {
        let rig = try CompilerRig()
        let path = try rig.folder.write(Data(repeating: 0x20, count: 4 << 20 + 1), to: "large.swift")
        #expect(await rig.compile(path).reason == "\(path) is larger than 4 MiB")
        #expect(rig.runs == 0)
    }

    @Test func aSourceThatIsNotTextIsTheCompilersToRefuse() async throws {
        let rig = try CompilerRig()
        let path = try rig.folder.write(
            Data("let x = \"".utf8) + Data([0xFF, 0xFE]) + Data("\"\n".utf8),
            to: "bad.swift"
        )
        let reason = await rig.compile(path).reason
        #expect(reason.contains("\(path):1:10: error: invalid UTF-8"), "\(reason)")
    }

    @Test func aCacheThatCannotBeWrittenSaysSo() async throws {
        let rig = try CompilerRig()
        try rig.folder.remove("cache")
        #expect(await rig.compile(try rig.source()).reason.contains("cannot make \(rig.folder.path)/cache/"))
    }

    @Test func aCompilerThatSomebodyElseCollectsEndsTheWait() async throws {
        let rig = try CompilerRig(#"echo $$ >> "${0%/*}/pids"; exec sleep 1000"#)
        let path = try rig.source()
        async let outcome = rig.compile(path)
        try await wait(for: "the compiler to run") { try rig.folder.exists("pids") && rig.pids.count == 1 }
        let pid = try #require(try rig.pids.first)
        // On the loop, so that it cannot come first.
        try await rig.onLoop {
            kill(pid, SIGKILL)
            #expect(waitpid(pid, nil, 0) == pid)
        }
        let reason = await outcome.reason
        #expect(reason.hasPrefix("cannot tell whether \(path) was compiled: "), "\(reason)")
    }

    // MARK: The end

    @Test func closingEndsAllRunsAndTellsEverybody() async throws {
        let rig = try CompilerRig(#"echo $$ >> "${0%/*}/pids"; exec sleep 1000"#)
        let paths = try (0..<4).map { try rig.source("s\($0)", "\($0)") }
        async let outcomes = rig.compile(together: paths)
        try await wait(for: "two compilers to run") { try rig.folder.exists("pids") && rig.pids.count == 2 }
        try await rig.close()
        for outcome in try await outcomes { #expect(outcome.reason != "") }
        for pid in try rig.pids { #expect(kill(pid, 0) == -1) }
        #expect(rig.runs == 2)
        #expect(try rig.folder.names(in: "cache") == [])
    }
}

extension CompilerRig {
    fileprivate var pids: [Int32] {
        get throws { try folder.text(of: "pids").split(separator: "\n").compactMap { Int32($0) } }
    }
}
