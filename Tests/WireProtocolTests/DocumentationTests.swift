import Foundation
import Testing
import WireProtocol

/// What the pages of the protocol say, held against the code.
@Suite struct DocumentationTests {
    private func page(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Sources/WireProtocol/WireProtocol.docc/\(name).md")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The contents of the fenced blocks of one language.
    private func blocks(_ language: String, in page: String) -> [String] {
        page.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    @Test func theHexExampleIsTheRecordedBar() throws {
        let example = try #require(blocks("hex", in: page("MarketData")).first)
        let body = example.split(separator: "\n").enumerated().flatMap { line, text in
            let words = text.split(separator: " ")
            #expect(Int(words[0], radix: 16) == line * 8)
            return words[1...8].compactMap { UInt8($0, radix: 16) }
        }
        #expect(body.hex == RecordedBody.bar.hex)
    }

    @Test func theJSONExampleIsABar() throws {
        let example = try #require(blocks("json", in: page("MarketData")).first)
        let event = try MarketEvent(json: example, kind: .bar)
        let bar = BarData(open: 94321.5, high: 94400.125, low: 94300.25, close: 94388.75, volume: 12.5, interval: "1m")
        let expected = MarketEvent(
            sequence: 4711,
            eventTime: 1_736_933_400_123_456_000,
            receiveTime: 1_736_933_400_123_999_000,
            payload: .bar(bar)
        )
        #expect(event == expected)
    }

    @Test(arguments: ["Envelope", "WorkerProtocol", "Endpoints", "History"])
    func theOtherExamplesAreJSON(name: String) throws {
        let examples = try blocks("json", in: page(name))
        #expect(!examples.isEmpty)
        for example in examples {
            let value = try JSONValue(parsing: example)
            if value["msg_type"] != nil { _ = try Message(parsing: example) }
        }
    }

    @Test func everyMessageTypeIsDescribed() throws {
        let envelope = try page("Envelope")
        for type in MessageType.allCases {
            #expect(envelope.contains("`\(type.rawValue)`"), "\(type.rawValue)")
        }
    }

    @Test func everyStateIsDescribed() throws {
        let admin = try page("Admin")
        for state in WorkerState.allCases {
            #expect(admin.contains("`\(state.rawValue)`"), "\(state.rawValue)")
        }
    }

    @Test func theProgramsAreThere() throws {
        let programs = try [
            "publisher.py": "Publishing", "binary_publisher.py": "Publishing", "subscriber.py": "Subscribing",
            "worker.py": "WorkerProtocol", "admin.py": "Admin",
        ].filter { program, name in
            try !blocks("python", in: page(name)).contains { $0.hasPrefix("# file: \(program)\n") }
        }
        #expect(programs.isEmpty)
    }
}
