import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

struct DiagnosisTests {
    @Test func readsTheMapOfTheMemory() {
        let map = MemoryMap(
            parsing: """
                7f1c2a000000-7f1c2a021000 r-xp 00003000 08:01 1234                       /usr/lib/a b.so (deleted)
                7f1c2b000000-7f1c2b021000 rw-p 00000000 00:00 0
                not a region
                7f1c2c000000-7f1c2b021000 r-xp 00000000 08:01 1234 /usr/lib/backwards.so
                """
        )
        #expect(map.regions.count == 1)
        #expect(map.region(of: 0x7F1C_2A00_0010)?.path == "/usr/lib/a b.so (deleted)")
        #expect(map.region(of: 0x7F1C_2A00_0010)?.fileOffset == 0x3000)
        #expect(map.region(of: 0x7F1C_2A02_1000) == nil)
    }

    @Test func namesAFunctionOfThisProgram() throws {
        let address = UInt(bitPattern: try #require(dlsym(nil, "swift_demangle")))
        let region = try #require(MemoryMap().region(of: address))
        let names = try #require(FunctionNames.open(region.path))
        let function = try #require(names.function(at: address - region.addresses.lowerBound + region.fileOffset + 3))
        #expect(function.name == "swift_demangle")
        #expect(function.offset == 3)
    }

    @Test func namesAreWithoutTheOptimisersWork() {
        let name =
            "function signature specialization <Arg[0] = [(A) -> B]> of generic specialization <C> of S.f(S.X<Int>) -> ()"
        #expect(Backtrace.withoutSpecialization(name) == "S.f(S.X<Int>) -> ()")
        #expect(Backtrace.withoutSpecialization("S.f<A>(A) -> B") == "S.f<A>(A) -> B")
    }

    @Test func filesThatAreNoProgramsHaveNoNames() throws {
        #expect(FunctionNames.open("/nonexistent") == nil)
        #expect(FunctionNames.open("/dev/null") == nil)
        #expect(FunctionNames.open(#filePath) == nil)
    }

    @Test func damagedProgramsDoNoHarm() throws {
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: CompiledStrategy.probe.get())))
        let path = FileManager.default.temporaryDirectory.appending(path: "damaged-\(MessageID.make())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var random = SeededGenerator(7)
        var opened = 0
        for round in 0..<400 {
            var bytes = whole
            if round.isMultiple(of: 2) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            // The header, and the tables of sections at the end.
            for _ in 0..<4 where bytes.count > 64 {
                let end = round.isMultiple(of: 3) ? bytes.count : 64
                bytes[Int.random(in: 5..<end, using: &random)] = .random(in: .min ... .max, using: &random)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            guard let names = FunctionNames.open(path) else { continue }
            opened += 1
            _ = names.function(at: .random(in: 0...UInt(whole.count), using: &random))
        }
        #expect(opened > 300)
    }
}
