import Glibc
import Testing

@testable import quantcell

@Suite struct LogTailTests {
    private func rest(_ log: inout LogTail) throws -> String {
        var bytes: [UInt8] = []
        try log.readOn { bytes.append(contentsOf: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func restAfterChange(_ log: inout LogTail) throws -> String {
        let mayRead = log.reopenIfChanged()
        #expect(mayRead)
        return try rest(&log)
    }

    @Test(arguments: [
        ("a\nb\nc\n", 2, "b\nc\n"), ("a\nb\nc", 2, "b\nc"), ("a\nb\n", 5, "a\nb\n"), ("a\nb\n", 0, ""), ("", 3, ""),
        ("\n\n\n", 2, "\n\n"),
    ])
    func theLastLines(text: String, count: Int, expected: String) throws {
        let file = try TemporaryFile(text)
        var log = try LogTail(path: file.path)
        let isWhole = log.seek(toLastLines: count)
        #expect(isWhole)
        #expect(try rest(&log) == expected)
    }

    @Test func theLastLinesOfALargeFile() throws {
        let lines = (0..<50_000).map { "line \($0)" }
        let file = try TemporaryFile(lines.joined(separator: "\n") + "\n")
        var log = try LogTail(path: file.path)
        let isWhole = log.seek(toLastLines: 20_000)
        #expect(isWhole)
        #expect(try rest(&log) == lines.suffix(20_000).joined(separator: "\n") + "\n")
    }

    @Test func whatIsBeyondTheBoundIsLeftOut() throws {
        let line = String(repeating: "x", count: 999) + "\n"
        let file = try TemporaryFile(String(repeating: line, count: 20_000))
        var log = try LogTail(path: file.path)
        let isWhole = log.seek(toLastLines: 20_000)
        #expect(!isWhole)
        #expect(try rest(&log).utf8.count == Int(LogTail.maxTailBytes) / 1000 * 1000)
    }

    @Test func aFileThatGrowsIsCutAndReplaced() throws {
        let file = try TemporaryFile("old\n")
        var log = try LogTail(path: file.path)
        _ = log.seek(toLastLines: 0)
        try file.append("new\n")
        #expect(try restAfterChange(&log) == "new\n")

        truncate(file.path, 0)
        try file.append("cut\n")
        #expect(try restAfterChange(&log) == "cut\n")

        let other = try TemporaryFile("other\n")
        rename(other.path, file.path)
        #expect(try restAfterChange(&log) == "other\n")
    }

    @Test func aMissingFileIsMissingInput() {
        let failure = #expect(throws: CommandFailure.self) { _ = try LogTail(path: "/nonexistent/x.log") }
        #expect(failure?.status == 66)
    }
}
