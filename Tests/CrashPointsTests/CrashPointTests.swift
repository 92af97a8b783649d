import Foundation
import Testing

@testable import CrashPoints

@Suite struct CrashPointTests {
    @Test func aProcessDiesWhereTheVariableSays() async {
        await #expect(processExitsWith: .exitCode(42)) {
            setenv("QUANTCELL_CRASH_POINT", "test.here", 1)
            CrashPoint.reach("test.elsewhere")
            CrashPoint.reach("test.here")
            exit(0)
        }
    }

    @Test func theThirdTimeIsTheThirdTime() async {
        let left = await #expect(processExitsWith: .exitCode(42), observing: [\.standardOutputContent]) {
            setenv("QUANTCELL_CRASH_POINT", "test.here:3", 1)
            for _ in 1...3 {
                print("alive", terminator: ";")
                fflush(nil)
                CrashPoint.reach("test.here")
            }
            exit(0)
        }
        let output = String(decoding: left?.standardOutputContent ?? [], as: UTF8.self)
        #expect(output.components(separatedBy: "alive;").count == 4)
    }

    @Test func withoutTheVariableNothingHappens() async {
        await #expect(processExitsWith: .exitCode(7)) {
            unsetenv("QUANTCELL_CRASH_POINT")
            CrashPoint.reach("test.here")
            exit(7)
        }
    }

    /// A worker that is started again inherits the variable, and is to live.
    @Test func aFileLetsOneProcessDie() async throws {
        let file = NSTemporaryDirectory() + "quantcell-crash-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        for code in [42, 7] as [Int32] {
            await #expect(processExitsWith: .exitCode(code)) { [file = file as String] in
                setenv("QUANTCELL_CRASH_POINT", "test.here", 1)
                setenv("QUANTCELL_CRASH_FILE", file, 1)
                CrashPoint.reach("test.here")
                exit(7)
            }
            #expect(FileManager.default.fileExists(atPath: file))
        }
    }

    @Test(arguments: ["", ":", ":1", "a:0", "a:-1", "a:b", "a:", "a:1:2"])
    func whatIsNoPointArmsNothing(specification: String) {
        #expect(ArmedPoint(specification, file: nil) == nil)
    }

    @Test func namesAreWhole() throws {
        let point = try #require(ArmedPoint("a.b:2", file: ""))
        #expect(!point.isDue("a"))
        #expect(!point.isDue("a.b.c"))
        #expect(!point.isDue("a.b"))
        #expect(point.isDue("a.b"))
        #expect(!point.isDue("a.b"))
    }
}
