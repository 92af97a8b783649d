import Foundation
import Testing

@testable import ProcessControl

struct ExecutableSearchTests {
    @Test func findsTheFirstThatCanRun() throws {
        try withTemporaryFolder { folder in
            for name in ["folder/tool", "plain", "first", "second"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            try write("\(folder)/plain/tool", mode: 0o600)
            try write("\(folder)/first/tool", mode: 0o700)
            try write("\(folder)/second/tool", mode: 0o700)
            let path = ["folder", "plain", "missing", "first", "second"].map { "\(folder)/\($0)" }.joined(
                separator: ":"
            )
            #expect(ExecutableSearch.find("tool", in: path) == "\(folder)/first/tool")
            #expect(ExecutableSearch.find("tool", in: "\(folder)/second/") == "\(folder)/second/tool")
            #expect(ExecutableSearch.find("\(folder)/second/tool", in: "") == "\(folder)/second/tool")
            #expect(ExecutableSearch.find("\(folder)/plain/tool", in: path) == nil)
        }
    }

    @Test func findsARealProgram() throws {
        let sh = try #require(ExecutableSearch.find("sh", in: "/nowhere:/bin:/usr/bin"))
        #expect(try ChildProcess.spawn(SpawnRequest(executable: sh, output: .discard)).finish().status.isSuccess)
    }

    @Test(arguments: ["", "bin/sh", "./sh", "/nowhere/sh", "/bin", "no-such-program"])
    func findsNothing(name: String) {
        #expect(ExecutableSearch.find(name, in: "/bin:/usr/bin") == nil)
    }

    @Test(arguments: ["", ":", "bin", "../../../../../../../../bin:."])
    func relativeFoldersArePassedOver(path: String) {
        #expect(ExecutableSearch.find("sh", in: path) == nil)
    }

    private func write(_ path: String, mode: Int) throws {
        try "#!/bin/sh\n".write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
