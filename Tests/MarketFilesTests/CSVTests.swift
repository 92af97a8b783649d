import MarketFiles
import Testing
import WireProtocol

/// How text becomes records, seen through files of quotes.
@Suite struct CSVTests {
    private static let header = "timestamp,bid,ask\n"

    private func quotes(_ text: String) throws -> [String] {
        let file = try TemporaryFile(text)
        var reader = try MarketFileReader(path: file.path, kind: .quote)
        var lines: [String] = []
        while let record = try reader.next() {
            switch record {
            case .row(let row):
                guard case .quote(let quote) = row.payload else { continue }
                lines.append("\(row.line): \(quote.bid) \(quote.ask)")
            case .bad(let row):
                lines.append("\(row.line): \(row.reason)")
            }
        }
        #expect(reader.bytesRead == reader.fileSize)
        #expect(reader.fileSize == text.utf8.count)
        return lines
    }

    @Test(arguments: [
        "timestamp,bid,ask\n2020-01-01,1,2\n2020-01-02,3,4\n",
        "timestamp,bid,ask\n2020-01-01,1,2\n2020-01-02,3,4",
        "timestamp,bid,ask\r\n2020-01-01,1,2\r\n2020-01-02,3,4\r\n",
        "timestamp,bid,ask\r\n2020-01-01,1,2\r\n2020-01-02,3,\"4\"\r",
        "\u{FEFF}timestamp,bid,ask\n2020-01-01,1,2\n2020-01-02,3,4\n",
        "timestamp;bid;ask\n2020-01-01;1;2\n2020-01-02;3;4\n",
        "timestamp\tbid\task\n2020-01-01\t1\t2\n2020-01-02\t3\t4\n",
        " timestamp , bid , ask \n 2020-01-01 , 1 ,\t2\n2020-01-02,3,4 \n",
        "\"timestamp\",\"bid\",\"ask\"\n\"2020-01-01\",\"1\",\"2\"\n2020-01-02,\"3\",\"4\"",
        "\"timestamp\",\"bid\",\"ask\"\r\n\"2020-01-01\",\"1\",\"2\"\r\n2020-01-02,\"3\",\"4\"\r\n",
    ])
    func readsEveryDialect(text: String) throws {
        #expect(try quotes(text) == ["2: 1.0 2.0", "3: 3.0 4.0"])
    }

    @Test func passesOverBlankLinesButCountsThem() throws {
        let lines = try quotes("\n\r\n" + Self.header + "\n2020-01-01,1,2\n  \t \n\n2020-01-02,3,4\n\n")
        #expect(lines == ["5: 1.0 2.0", "8: 3.0 4.0"])
    }

    @Test func countsNewlinesWithinQuotes() throws {
        let lines = try quotes(
            "timestamp,bid,ask,note\n2020-01-01,1,2,\"two\r\nlines, and \"\"three\"\"\n\"\n2020-01-02,x,4,\n2020-01-03,5,6,\"\""
        )
        #expect(lines == ["2: 1.0 2.0", "5: 'x' is not a number in column 'bid'", "6: 5.0 6.0"])
    }

    @Test func reportsTextAfterAClosingQuote() throws {
        let lines = try quotes(Self.header + "2020-01-01,\"1\"0,2\n2020-01-02,\"3\" ,4\n2020-01-03,5,6\n")
        let reason = "text after the closing quote of field 2"
        #expect(lines == ["2: \(reason)", "3: \(reason)", "4: 5.0 6.0"])
    }

    @Test func takesQuotesWithinAFieldAsText() throws {
        let lines = try quotes(Self.header + "2020-01-01,1\"5\",2\n2020-01-02,3,4\n")
        #expect(lines == ["2: '1\"5\"' is not a number in column 'bid'", "3: 3.0 4.0"])
    }

    @Test func losesOneLineToAQuoteThatIsNeverClosed() throws {
        let lines = try quotes(Self.header + "2020-01-01,\"1,2\n2020-01-02,3,4\n2020-01-03,5,6")
        #expect(lines == ["2: a quote is not closed", "3: 3.0 4.0", "4: 5.0 6.0"])
    }

    @Test func losesOneLineToAQuoteThatIsNeverClosedInALargeFile() throws {
        let good = (0..<10_000).map { "\(1_577_836_800 + $0),1,2\n" }
        let lines = try quotes(Self.header + "2020-01-01,\"1,2\n" + good.joined())
        #expect(lines.count == 10_001)
        #expect(lines.first == "2: a quote is not closed")
        #expect(lines.last == "10002: 1.0 2.0")
    }

    @Test(arguments: [65_535, 65_536, 65_537, 200_000])
    func reportsALineThatIsTooLong(length: Int) throws {
        let start = "2020-01-02,3,4,"
        let long = start + String(repeating: "x", count: length - start.utf8.count - 1) + "\n"
        let lines = try quotes("timestamp,bid,ask,note\n2020-01-01,1,2,\n" + long + "2020-01-03,5,6,\n")
        let second = length <= 65_536 ? "3: 3.0 4.0" : "3: longer than 65536 bytes"
        #expect(lines == ["2: 1.0 2.0", second, "4: 5.0 6.0"])
    }

    @Test func reportsALongLastLineWithoutAnEnd() throws {
        let lines = try quotes(Self.header + "2020-01-01,1,2\n" + String(repeating: "x", count: 300_000))
        #expect(lines == ["2: 1.0 2.0", "3: longer than 65536 bytes"])
    }

    /// Rows of every length put record ends, quotes and CRLF on each side of the 64 KiB window's edge.
    @Test func doesNotDependOnWhereTheWindowEnds() throws {
        for shift in 0..<48 {
            var text = "timestamp,bid,ask," + String(repeating: "n", count: shift) + "\r\n"
            for index in 0..<5000 { text += "\(1_577_836_800 + index),\(index),\"2\",\"a\"\"\r\nb\"\r\n" }
            let lines = try quotes(text)
            try #require(lines == (0..<5000).map { "\(2 + 2 * $0): \($0).0 2.0" })
        }
    }
}
