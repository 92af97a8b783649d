import MarketFiles
import Testing
import WireProtocol

/// Files with random damage: whatever they hold, every line is accounted for and every row is sound.
@Suite struct FuzzTests {
    private static let lines: [(kind: DataKind, header: String, row: String)] = [
        (.bar, "timestamp,open,high,low,close,volume,trades,open_time", ",2.5,4,1,3e0,10,\"7\",2020-01-01T00:00:00Z"),
        (.tick, "timestamp;price;size;bid;ask", ";5;1;4.5;5.5"),
        (.trade, "date,time,price,size,side,trade_id", ",01:02:03.5,5,1,buy,\"a\"\"1\""),
        (.quote, "timestamp\tbid\task\tbid_size", "\t1.1\t1.2\t"),
    ]

    /// Bytes that mean something to the reader, so that damage goes deep.
    private static let tokens: [[UInt8]] = [
        [0x22], [0x22, 0x22], [0x0A], [0x0D, 0x0A], [0x0D], [0x2C], [0x3B], [0x09], [0x00], [0xFF], [0xEF, 0xBB, 0xBF],
        [0x2D], [0x2E],
        Array("e999".utf8), Array("nan".utf8), Array("99999999999999999999".utf8), [0xC3],
        Array(repeating: 0x22, count: 70_000),
        Array(repeating: 0x39, count: 70_000),
    ]

    @Test(arguments: 0..<8)
    func survivesDamage(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var rowsSeen = 0
        var badSeen = 0
        for _ in 0..<60 {
            let form = Self.lines[Int.random(in: 0..<Self.lines.count, using: &generator)]
            let rowCount = Int.random(in: 1...60, using: &generator)
            var bytes = Array((form.header + "\n").utf8)
            for day in 0..<rowCount {
                let date = TimeText.iso8601(nanoseconds: 1_600_000_000_000_000_000 + Int64(day) * 86_400_000_000_000)
                    .prefix(10)
                bytes += Array((date + form.row + "\n").utf8)
            }
            for _ in 0..<Int.random(in: 0...6, using: &generator) { Self.damage(&bytes, &generator) }

            let file = try TemporaryFile(bytes)
            guard let contents = try? Contents(path: file.path, kind: form.kind) else { continue }
            let lineCount = bytes.count { $0 == 0x0A } + 1
            let lines = (contents.rows.map(\.line) + contents.bad.map(\.line)).sorted()
            try #require(Set(lines).count == lines.count)
            try #require(lines.allSatisfy { $0 >= 1 && $0 <= lineCount })
            try #require(contents.bytesRead == contents.fileSize)
            try #require(contents.bad.allSatisfy { !$0.reason.isEmpty && $0.reason.utf8.count < 500 })
            try #require(zip(contents.rows, contents.rows.dropFirst()).allSatisfy { $0.eventTime <= $1.eventTime })
            try #require(contents.rows.allSatisfy { Self.isSound($0.payload) })
            rowsSeen += contents.rows.count
            badSeen += contents.bad.count
        }
        // Damage must neither hide the good rows nor go unnoticed.
        #expect(rowsSeen > 100)
        #expect(badSeen > 10)
    }

    private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(contentsOf: tokens[Int.random(in: 0..<tokens.count, using: &generator)], at: position)
        case 3: bytes.removeSubrange(position..<min(position + 20, bytes.count))
        default: bytes.insert(contentsOf: bytes[position..<min(position + 60, bytes.count)], at: position)
        }
    }

    private static func isSound(_ payload: MarketPayload) -> Bool {
        switch payload {
        case .bar(let bar):
            [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover].allSatisfy(\.isFinite)
                && bar.low <= min(bar.open, bar.close) && bar.high >= max(bar.open, bar.close) && bar.volume >= 0
        case .tick(let tick):
            tick.price.isFinite && tick.size ?? 0 >= 0 && (tick.bid ?? 0).isFinite
        case .trade(let trade):
            trade.price.isFinite && trade.size >= 0 && trade.size.isFinite && trade.tradeID.utf8.count <= 24
        case .quote(let quote):
            quote.bid.isFinite && quote.ask.isFinite && quote.bidSize >= 0
        case .depth:
            false
        }
    }
}
