import Foundation
import Testing

/// A folder of one test's own, gone with it.
final class TemporaryFolder: Sendable {
    /// Short, since the path of an ipc socket has about a hundred bytes.
    let path: String

    init() throws {
        var template = Array("/tmp/quantcell-core-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Data(text.utf8), to: name)
    }

    @discardableResult
    func write(_ bytes: Data, to name: String) throws -> String {
        try bytes.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    /// Makes a shell script and returns its path.
    ///
    /// Another process writes it: where this one does, a child that is spawned meanwhile may hold it open, and it is busy.
    func script(_ body: String, as name: String = "program") throws -> String {
        let text = try write("#!/bin/sh\n\(body)\n", to: "\(name).text")
        let install = Process()
        install.executableURL = URL(fileURLWithPath: "/usr/bin/install")
        install.arguments = ["-m", "755", text, "\(path)/\(name)"]
        try install.run()
        install.waitUntilExit()
        try #require(install.terminationStatus == 0)
        return "\(path)/\(name)"
    }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
    }

    func text(of name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
}
