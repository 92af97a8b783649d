import Glibc
import MarketFiles
import Testing
import WireProtocol

@Suite struct HeaderTests {
    private static let day: Int64 = 1_577_836_800_000_000_000
    private static let hour: Int64 = 3_600_000_000_000

    @Test(arguments: [
        "timestamp,open,high,low,close,volume", "TimeStamp,Open,HIGH,Low,Close,Volume", "t,o,h,l,c,v",
        "time,o,h,l,c,vol",
        "datetime,open_price,high_price,low_price,close_price,volume", "date,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        "ts,Open Price,High Price,Low Price,Close Price,Volume", "event_time,open,high,low,close,base_volume",
        "close_time,open,high,low,close,volume", "open time,open,high,low,close,volume",
    ])
    func findsBarsByManyNames(header: String) throws {
        let contents = try Contents(header + "\n2020-01-01,2,4,1,3,10\n", interval: "1d")
        #expect(contents.bad.isEmpty)
        #expect(contents.rows.map(\.eventTime) == [Self.day])
        var bar = BarData(open: 2, high: 4, low: 1, close: 3, volume: 10, interval: "1d")
        if header.hasPrefix("open time") { bar.openTime = Self.day }
        #expect(contents.bars == [bar])
    }

    @Test func readsAnExchangesBarsWithColumnsInAnyOrder() throws {
        let contents = try Contents(
            """
            Open time,High,Low,Open,Close,Volume,Close time,Quote asset volume,Number of trades,Ignore
            1577836800000,4,1,2,3,10,1577840399999,30.5,7,x
            """
        )
        #expect(contents.rows.map(\.eventTime) == [Self.day + Self.hour - 1_000_000])
        let bar = BarData(open: 2, high: 4, low: 1, close: 3, volume: 10, turnover: 30.5, trades: 7, openTime: Self.day)
        #expect(contents.bars == [bar])
    }

    @Test func leavesOptionalValuesOutWhereTheyAreEmpty() throws {
        let contents = try Contents(
            "timestamp,open,high,low,close,volume,turnover,trades,open_time\n2020-01-01,2,4,1,3,10,,,\n"
        )
        #expect(contents.bars == [BarData(open: 2, high: 4, low: 1, close: 3, volume: 10)])
    }

    @Test func joinsDateAndTime() throws {
        let contents = try Contents(
            "date,time,open,high,low,close,volume\n2020.01.01,01:00,1,1,1,1,0\n20200101,020000,1,1,1,1,0\n"
        )
        #expect(contents.rows.map(\.eventTime) == [Self.day + Self.hour, Self.day + 2 * Self.hour])
        let mixed = try Contents(
            "unix,date,time,price\n1,2020-01-01,25:00,5\n1,2020-02-30,01:00,5\n1,,01:00,5\n",
            kind: .tick
        )
        #expect(
            mixed.bad.map(\.description) == [
                "line 2: '25:00' is not a time of day in column 'time'",
                "line 3: '2020-02-30' is not a date in column 'date'",
                "line 4: no value in column 'date'",
            ]
        )
    }

    @Test func readsTicks() throws {
        let contents = try Contents(
            "timestamp,last,qty,bid_price,ask_price,bid_size,ask_size\n2020-01-01,5,1,4,6,2,3\n2020-01-01,5,,,,,\n",
            kind: .tick
        )
        let full = TickData(price: 5, size: 1, bid: 4, ask: 6, bidSize: 2, askSize: 3)
        #expect(contents.rows.map(\.payload) == [.tick(full), .tick(TickData(price: 5))])
    }

    @Test func readsTrades() throws {
        let contents = try Contents(
            "id,ts,price,amount,side\na-1,2020-01-01,5,1,BUY\n\"q\"\"2\",2020-01-01,-5,2,s\n,2020-01-01,5,0,\n",
            kind: .trade
        )
        #expect(contents.bad.isEmpty)
        #expect(
            contents.rows.map(\.payload) == [
                .trade(TradeData(price: 5, size: 1, side: .buy, tradeID: "a-1")),
                .trade(TradeData(price: -5, size: 2, side: .sell, tradeID: "q\"2")),
                .trade(TradeData(price: 5, size: 0)),
            ]
        )
        let plain = try Contents("time,p,q\n2020-01-01,5,1\n", kind: .trade)
        #expect(plain.rows.map(\.payload) == [.trade(TradeData(price: 5, size: 1))])
    }

    @Test func readsAFileWithoutHeaderWhenColumnsAreGiven() throws {
        let text = "20200101 010000000,1.5,1.6,0\n20200101 020000000,1.7,1.8,0\n"
        let contents = try Contents(text, kind: .quote, columns: ["timestamp", "bid", "ask", "-"])
        #expect(contents.rows.map(\.line) == [1, 2])
        #expect(contents.rows.map(\.eventTime) == [Self.day + Self.hour, Self.day + 2 * Self.hour])
        #expect(contents.rows.first?.payload == .quote(QuoteData(bid: 1.5, ask: 1.6)))
    }

    @Test func letsGivenColumnsReplaceAHeader() throws {
        let text = "when,b,a\n2020-01-01,1,2\n"
        let contents = try Contents(text, kind: .quote, columns: ["timestamp", "bid", "ask"])
        #expect(contents.bad.isEmpty)
        #expect(contents.rows.map(\.line) == [2])
    }

    @Test func saysWhichColumnsAreMissingAndWhatIsThere() throws {
        let error = try #require(try openingError(of: "timestamp,open,hi,low,close\n2020-01-01,1,1,1,1\n"))
        #expect(error.code == .missingColumns)
        #expect(
            error.description.hasSuffix(
                "a file of bars also needs columns 'high', 'volume'; it has 'timestamp', 'open', 'hi', 'low', 'close'"
            )
        )
        let timeless = try #require(try openingError(of: "bid,ask\n1,2\n", kind: .quote))
        #expect(timeless.description.hasSuffix("a file of quotes also needs a column 'timestamp'; it has 'bid', 'ask'"))
        #expect(try openingError(of: "timestamp,bid,ask\n", kind: .tick)?.code == .missingColumns)
        #expect(try openingError(of: "timestamp,price\n", kind: .trade)?.code == .missingColumns)
        #expect(try openingError(of: "a,b\n", kind: .quote, columns: [])?.code == .missingColumns)
    }

    @Test func boundsTheListOfWhatIsThere() throws {
        let names = (0..<5000).map { "column\($0)" + String(repeating: "x", count: 50) }.joined(separator: ",")
        let error = try #require(try openingError(of: String(names.prefix(60_000)) + "\n"))
        #expect(error.description.hasSuffix("more"))
        #expect(error.description.utf8.count < 1500)
    }

    @Test func refusesAFileWithoutHeader() throws {
        #expect(try openingError(of: "2020-01-01,1,2,0,1,5\n")?.code == .noHeader)
        #expect(try openingError(of: "1577836800,x,y\n")?.code == .noHeader)
    }

    @Test func refusesTwoColumnsOfOneName() throws {
        let error = try #require(try openingError(of: "timestamp,open,high,low,close,Close,volume\n"))
        #expect(error.code == .ambiguousColumn)
        #expect(error.description.hasSuffix("two columns are called 'close'"))
    }

    @Test func refusesWhatIsNoText() throws {
        let compressed = try TemporaryFile([0x1F, 0x8B, 0x08, 0x00, 0x00, 0x0A])
        #expect(openingError(path: compressed.path)?.code == .notText)
        let utf16 = try TemporaryFile("timestamp,open\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        #expect(openingError(path: utf16.path)?.code == .notText)
        let latin1 = try TemporaryFile(Array("timestamp,bid,ask,".utf8) + [0xE9, 0x0A])
        #expect(openingError(path: latin1.path, kind: .quote)?.code == .notText)
    }

    @Test func refusesABrokenHeader() throws {
        #expect(try openingError(of: "\n\"timestamp,open\n")?.code == .badHeader)
        #expect(
            try openingError(of: "\n\"timestamp,open\n")?.description.hasSuffix("line 2: a quote is not closed") == true
        )
        #expect(try openingError(of: String(repeating: "x,", count: 50_000))?.code == .badHeader)
    }

    @Test func refusesWhatHoldsNoLines() throws {
        #expect(try openingError(of: "")?.code == .empty)
        #expect(try openingError(of: "\u{FEFF}")?.code == .empty)
        #expect(try openingError(of: "\n \r\n\n")?.code == .empty)
        let headerOnly = try Contents("timestamp,open,high,low,close,volume\n")
        #expect(headerOnly.rows.isEmpty && headerOnly.bad.isEmpty)
    }

    @Test func saysWhyAFileCannotBeOpened() throws {
        let file = try TemporaryFile("timestamp,open\n")
        let folder = String(file.path.dropLast("/data.csv".count))
        #expect(openingError(path: folder + "/none.csv")?.code == .missing)
        #expect(openingError(path: folder + "/none.csv")?.description == "there is no file \(folder)/none.csv")
        #expect(openingError(path: file.path + "/none.csv")?.code == .missing)
        #expect(openingError(path: folder)?.code == .isFolder)
        #expect(openingError(path: "/dev/null")?.code == .unreadable)

        let pipe = folder + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        #expect(openingError(path: pipe)?.code == .unreadable)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read every file"))
    func saysThatPermissionIsMissing() throws {
        let file = try TemporaryFile("timestamp,open\n")
        chmod(file.path, 0)
        #expect(openingError(path: file.path)?.code == .unreadable)
    }

    @Test func refusesWhatDoesNotFit() throws {
        #expect(try openingError(of: "timestamp,bid,ask\n", kind: .depth)?.code == .unsupported)
        let file = try TemporaryFile("timestamp,open,high,low,close,volume\n")
        for interval in ["123456789", "é"] {
            #expect(throws: MarketFileError.self) {
                _ = try MarketFileReader(path: file.path, kind: .bar, interval: interval)
            }
        }
    }
}
