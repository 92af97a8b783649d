import MarketFiles
import Testing
import WireProtocol

/// Every reason for which a row is skipped. The row stands on line 3, between two good ones.
@Suite struct BadRowTests {
    private func reason(_ row: String, header: String, good: String, kind: DataKind) throws -> String? {
        let contents = try Contents("\(header)\n\(good)\n\(row)\n\(good)\n", kind: kind)
        #expect(contents.rows.map(\.line) == [2, 4])
        #expect(contents.bad.map(\.line) == [3])
        return contents.bad.first?.reason
    }

    @Test(arguments: [
        ("2020-01-02,2,4,1,abc,10,,,", "'abc' is not a number in column 'close'"),
        ("2020-01-02,nan,4,1,3,10,,,", "'nan' is not a number in column 'Open'"),
        ("2020-01-02,2,inf,1,3,10,,,", "'inf' is not a number in column 'high'"),
        ("2020-01-02,2,1e999,1,3,10,,,", "'1e999' is not a finite number in column 'high'"),
        ("2020-01-02,2,4,,3,10,,,", "no value in column 'low'"),
        ("2020-01-02,2,4,\"\",3,10,,,", "no value in column 'low'"),
        (",2,4,1,3,10,,,", "no value in column 'timestamp'"),
        ("2020-02-30,2,4,1,3,10,,,", "'2020-02-30' is not a time in column 'timestamp'"),
        ("2020-01-02,2,4,1,3,10,,", "number of fields is 8 instead of 9"),
        ("2020-01-02,2,4,1,3,10,,,,", "number of fields is 10 instead of 9"),
        ("2020-01-02", "number of fields is 1 instead of 9"),
        ("2020-01-02,2,4,5,3,10,,,", "high 4.0 is below low 5.0"),
        ("2020-01-02,5,4,1,3,10,,,", "high 4.0 is below open 5.0"),
        ("2020-01-02,2,4,1,5,10,,,", "high 4.0 is below close 5.0"),
        ("2020-01-02,2,4,3,3.5,10,,,", "low 3.0 is above open 2.0"),
        ("2020-01-02,3,4,2.5,2,10,,,", "low 2.5 is above close 2.0"),
        ("2020-01-02,2,4,1,3,-1,,,", "'-1' is negative in column 'volume'"),
        ("2020-01-02,2,4,1,3,,,,", "no value in column 'volume'"),
        ("2020-01-02,2,4,1,3,10,-1,,", "'-1' is negative in column 'turnover'"),
        ("2020-01-02,2,4,1,3,10,,1.5,", "'1.5' is not a count in column 'trades'"),
        ("2020-01-02,2,4,1,3,10,,-1,", "'-1' is not a count in column 'trades'"),
        ("2020-01-02,2,4,1,3,10,,,x", "'x' is not a time in column 'open_time'"),
        ("2020-01-02,2,4,1,3,10,,,2020-01-03", "the bar opens after its event time"),
        ("2019-12-31,2,4,1,3,10,,,", "time goes back to 2019-12-31T00:00:00.000000Z from 2020-01-01T00:00:00.000000Z"),
        ("2020-01-02,2,4,1,\"3\nx\",10,,,", nil),
        ("2020-01-02,2,4,1,a\u{1B}[2J\u{7},10,,,", "'a\\u{1B}[2J\\u{07}' is not a number in column 'close'"),
        (
            "2020-01-02,2,4,1,1234567890123456789012345678901234567890x,10,,,",
            "'1234567890123456789012345678901234567890…' is not a number in column 'close'"
        ),
    ])
    func skipsABar(row: String, expected: String?) throws {
        let header = "timestamp,Open,high,low,close,volume,turnover,trades,open_time"
        let good = "2020-01-01,2,4,1,3,10,,,"
        if let expected {
            #expect(try reason(row, header: header, good: good, kind: .bar) == expected)
        } else {
            let contents = try Contents("\(header)\n\(good)\n\(row)\n\(good)\n")
            #expect(contents.bad.map(\.description) == ["line 3: '3\\nx' is not a number in column 'close'"])
            #expect(contents.rows.map(\.line) == [2, 5])
        }
    }

    @Test(arguments: [
        ("2020-01-02,,1,buy,a", "no value in column 'price'"),
        ("2020-01-02,5,,buy,a", "no value in column 'size'"),
        ("2020-01-02,5,-1,buy,a", "'-1' is negative in column 'size'"),
        ("2020-01-02,5,1,bid,a", "'bid' is neither buy nor sell in column 'side'"),
        (
            "2020-01-02,5,1,buy,1234567890123456789012345",
            "'1234567890123456789012345' is longer than 24 characters in column 'trade_id'"
        ),
        ("2020-01-02,5,1,buy,é", "'é' is not plain ASCII in column 'trade_id'"),
    ])
    func skipsATrade(row: String, expected: String) throws {
        let found = try reason(
            row,
            header: "timestamp,price,size,side,trade_id",
            good: "2020-01-01,5,1,buy,a",
            kind: .trade
        )
        #expect(found == expected)
    }

    @Test(arguments: [
        ("2020-01-02,,2,1,1", "no value in column 'bid'"),
        ("2020-01-02,1,x,1,1", "'x' is not a number in column 'ask'"),
        ("2020-01-02,1,2,-1,1", "'-1' is negative in column 'bid_size'"),
        ("2020-01-02,1,2,1,y", "'y' is not a number in column 'ask_size'"),
    ])
    func skipsAQuote(row: String, expected: String) throws {
        let found = try reason(
            row,
            header: "timestamp,bid,ask,bid_size,ask_size",
            good: "2020-01-01,1,2,,",
            kind: .quote
        )
        #expect(found == expected)
    }

    @Test(arguments: [
        ("2020-01-02,x,1", "'x' is not a number in column 'price'"),
        ("2020-01-02,5,-1", "'-1' is negative in column 'size'"),
    ])
    func skipsATick(row: String, expected: String) throws {
        #expect(try reason(row, header: "timestamp,price,size", good: "2020-01-01,5,", kind: .tick) == expected)
    }

    @Test func allowsEqualTimesAndLooksBackAtTheLastGoodRow() throws {
        let contents = try Contents(
            "timestamp,price\n2020-01-02,1\n2020-01-02,2\n2020-01-09,bad\n2020-01-01,3\n2020-01-03,4\n",
            kind: .tick
        )
        #expect(contents.rows.map(\.line) == [2, 3, 6])
        #expect(contents.bad.map(\.line) == [4, 5])
    }
}
