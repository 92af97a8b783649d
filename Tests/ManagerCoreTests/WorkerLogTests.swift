import Foundation
import Glibc
import Testing

@testable import ManagerCore

/// The bounds of the files that workers write to.
@Suite struct WorkerLogTests {
    private func line(_ number: Int) -> String { "line \(number) " + String(repeating: "x", count: 50) + "\n" }

    private func withLog(_ body: (String, FileHandle) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "qc-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "x.log").path
        // As a worker has it: for as long as it lives, and always at the end.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        try body(path, FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
    }

    private func lines(_ path: String) throws -> [Substring] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text.drop { $0 == "\0" }.split(separator: "\n")
    }

    /// What is dropped and what is kept make up everything that was ever written, however often and between what lines it is cut.
    @Test(arguments: [(0, 7), (1, 100), (5, 1000)])
    func noLineIsLostButThoseThatAreDropped(_ keep: Int, _ lines: Int) throws {
        let part: Int64 = 64 << 10
        try withLog { path, writer in
            var written = 0
            var dropped: Int64 = 0
            for _ in 0..<20_000 / lines {
                for _ in 0..<lines {
                    written += 1
                    try writer.write(contentsOf: Data(line(written).utf8))
                }
                guard let cut = try WorkerLog.trim(path, part: part, keep: keep) else { continue }
                dropped += cut.bytes
                #expect(cut.kept <= part * Int64(max(keep, 1)))
                #expect(try #require(WorkerLog.Size(path)).allocated <= part * Int64(max(keep, 1)) + 8192)
            }
            let left = try self.lines(path)
            let first = try #require(left.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
            #expect(left.elementsEqual((first...written).map { line($0).dropLast() }))
            #expect(first > 1)
            // The holes are counted by whole blocks.
            let gone = (1..<first).reduce(Int64(0)) { $0 + Int64(line($1).utf8.count) }
            #expect(dropped >= gone && dropped <= gone + 4096 * Int64(20_000 / lines))
            #expect(left.count >= Int(part / 2) / line(written).utf8.count)
            #expect(LogTail.read(path, lines: 3)?.contains("\0") == false)
            #expect(LogTail.read(path, lines: 1) == line(written))
        }
    }

    @Test func whatIsWithinItsBoundStays() throws {
        try withLog { path, writer in
            try writer.write(contentsOf: Data(count: 128 << 10))
            #expect(try WorkerLog.trim(path, part: 64 << 10, keep: 1) == nil)
            #expect(try WorkerLog.trim(path + ".none", part: 64 << 10, keep: 1) == nil)
        }
    }

    /// One that is no file, or a link to somebody else's, is none of ours.
    @Test func whatIsNoFileIsLeftAlone() throws {
        try withLog { path, writer in
            try writer.write(contentsOf: Data(count: 1 << 20))
            #expect(symlink(path, path + ".link") == 0)
            #expect(mkfifo(path + ".pipe", 0o600) == 0)
            for other in [".link", ".pipe"] {
                #expect(try WorkerLog.trim(path + other, part: 64 << 10, keep: 1) == nil)
            }
            #expect(WorkerLog.Size(path)?.allocated ?? 0 >= 1 << 20)
        }
    }

    @Test(arguments: [0, 1, 3]) func whatIsPutAsideFallsOffTheEnd(_ keep: Int) throws {
        try withLog { path, _ in
            var dropped: Int64 = 0
            for number in 1...6 {
                try Data(repeating: UInt8(number), count: 10).write(to: URL(fileURLWithPath: path))
                let gone = WorkerLog.rotate(path, keep: keep)
                dropped += gone?.bytes ?? 0
                if let gone { #expect(gone.kept == Int64(10 * keep)) }
                #expect(access(path, F_OK) != 0)
            }
            #expect(dropped == Int64(10 * (6 - keep)))
            for number in 1...6 {
                let content = FileManager.default.contents(atPath: "\(path).\(number)")?.first
                #expect(content == (number <= keep ? UInt8(7 - number) : nil))
            }
        }
    }
}
