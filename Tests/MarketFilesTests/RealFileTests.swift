import Glibc
import MarketFiles
import Testing
import WireProtocol

/// Real data that lies beside the checkout and is not part of it.
enum SharedData {
    static let absent: Comment =
        "no ../shared/data beside the checkout; set QUANTCELL_SHARED_DATA to the folder that holds the files"

    static func path(_ name: String) -> String {
        if let folder = getenv("QUANTCELL_SHARED_DATA") { return String(cString: folder) + "/" + name }
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/../shared/data/\(name)"
    }

    static func has(_ name: String) -> Bool {
        access(path(name), R_OK) == 0
    }
}

@Suite struct RealFileTests {
    @Test(.enabled(if: SharedData.has("btc-perp-1m.csv"), SharedData.absent))
    func readsEveryBar() throws {
        let contents = try Contents(path: SharedData.path("btc-perp-1m.csv"), kind: .bar, interval: "1m")
        #expect(contents.bad.isEmpty)
        #expect(contents.rows.count == 45_031)
        #expect(contents.bytesRead == contents.fileSize)

        let first = try #require(contents.rows.first)
        #expect(first.line == 2)
        #expect(TimeText.iso8601(nanoseconds: first.eventTime) == "2021-12-31T23:01:00.000000Z")
        #expect(
            contents.bars.first
                == BarData(
                    open: 46_319,
                    high: 46_385,
                    low: 46_319,
                    close: 46_377,
                    volume: 2_300_413.7295,
                    interval: "1m"
                )
        )
        let last = try #require(contents.rows.last)
        #expect(last.line == 45_032)
        #expect(TimeText.iso8601(nanoseconds: last.eventTime) == "2022-02-01T05:31:00.000000Z")
        #expect(
            contents.bars.last
                == BarData(open: 38_525, high: 38_546, low: 38_525, close: 38_544, volume: 685_906.9735, interval: "1m")
        )
        let minutes = zip(contents.rows, contents.rows.dropFirst()).filter {
            $1.eventTime - $0.eventTime != 60_000_000_000
        }
        #expect(minutes.isEmpty)
    }

    @Test(.enabled(if: SharedData.has("eurusd-quotes.csv"), SharedData.absent))
    func readsEveryQuote() throws {
        let path = SharedData.path("eurusd-quotes.csv")
        #expect(openingError(path: path, kind: .quote)?.code == .noHeader)
        let contents = try Contents(path: path, kind: .quote, columns: ["timestamp", "bid", "ask", "volume"])
        #expect(contents.bad.isEmpty)
        #expect(contents.rows.count == 9500)
        #expect(contents.bytesRead == contents.fileSize)

        let first = try #require(contents.rows.first)
        #expect(first.line == 1)
        #expect(TimeText.iso8601(nanoseconds: first.eventTime) == "2020-01-01T17:00:00.065000Z")
        #expect(first.payload == .quote(QuoteData(bid: 1.1212, ask: 1.12172)))
        let last = try #require(contents.rows.last)
        #expect(last.line == 9500)
        #expect(TimeText.iso8601(nanoseconds: last.eventTime) == "2020-01-01T23:00:52.125000Z")
        #expect(last.payload == .quote(QuoteData(bid: 1.1213, ask: 1.12132)))
    }
}
