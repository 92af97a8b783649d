/// Where each field of a binary body lies: little-endian, offsets in bytes.
///
/// | offset | header field | type |
/// |---|---|---|
/// | 0 | magic `Q` (0x51) | u8 |
/// | 1 | version, 1 | u8 |
/// | 2 | kind: 1 bar, 2 tick, 3 trade, 4 quote, 5 depth | u8 |
/// | 3 | flags: bit 0 bar is closed, bit 1 depth is a snapshot, others 0 | u8 |
/// | 4 | length of the whole body | u32 |
/// | 8 | sequence in the topic, from 1; written by the broker | u64 |
/// | 16 | event time, nanoseconds since the Unix epoch | i64 |
/// | 24 | receive time, nanoseconds since the Unix epoch; written by the broker | i64 |
package enum BinaryLayout {
    package static let magic: UInt8 = 0x51
    package static let version: UInt8 = 1
    package static let headerBytes = 32

    package static let closedFlag: UInt8 = 1
    package static let snapshotFlag: UInt8 = 2

    enum Header {
        static let version = 1
        static let kind = 2
        static let flags = 3
        static let length = 4
        static let sequence = 8
        static let eventTime = 16
        static let receiveTime = 24
    }

    enum Bar {
        static let open = 32
        static let high = 40
        static let low = 48
        static let close = 56
        static let volume = 64
        static let turnover = 72
        static let openTime = 80
        /// ASCII, padded with NUL.
        static let interval = 88
        static let intervalBytes = 8
        static let trades = 96
        static let bytes = 104
    }

    enum Tick {
        static let price = 32
        static let size = 40
        static let bid = 48
        static let ask = 56
        static let bidSize = 64
        static let askSize = 72
        /// Which optional fields are there: bit 0 size, 1 bid, 2 ask, 3 bid size, 4 ask size.
        static let present = 80
        static let bytes = 88
    }

    enum Trade {
        static let price = 32
        static let size = 40
        /// 0 unknown, 1 buy, 2 sell; then seven zero bytes.
        static let side = 48
        /// ASCII, padded with NUL.
        static let tradeID = 56
        static let tradeIDBytes = 24
        static let bytes = 80
    }

    enum Quote {
        static let bid = 32
        static let ask = 40
        static let bidSize = 48
        static let askSize = 56
        static let bytes = 64
    }

    enum Depth {
        static let bidCount = 32
        static let askCount = 34
        /// Bids, then asks; each a price and a size.
        static let levels = 40
        static let levelBytes = 16
    }
}
