/// A value that a column can hold, with the names that files give to such a column.
struct ColumnName {
    /// The name to use in messages.
    let name: String
    /// All names, in the form of ``normalized(_:)``; where a file has several of them, the first here is taken.
    let aliases: [String]

    init(_ name: String, _ aliases: String...) {
        self.name = name
        self.aliases = [Self.normalized(name)] + aliases
    }

    /// The letters and digits of a name in lower case: `Open Time`, `open_time` and `<OPENTIME>` are one name.
    static func normalized(_ name: String) -> String {
        let kept = name.utf8.map(\.lowercased).filter {
            $0.digit != nil || (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= $0
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// Event time in one column. A bar happens when it closes, hence the first one.
    static let eventTime = ColumnName("close_time", "timestamp", "eventtime", "datetime", "ts")
    /// Event time in one column, where no column of ``eventTime`` and no pair of ``date`` and ``timeOfDay`` is there.
    static let looseEventTime = ColumnName("time", "date", "opentime", "t")
    static let date = ColumnName("date")
    static let timeOfDay = ColumnName("time")

    static let openTime = ColumnName("open_time", "starttime")
    static let open = ColumnName("open", "o", "openprice")
    static let high = ColumnName("high", "h", "highprice")
    static let low = ColumnName("low", "l", "lowprice")
    static let close = ColumnName("close", "c", "closeprice")
    static let volume = ColumnName("volume", "vol", "v", "basevolume")
    static let turnover = ColumnName("turnover", "quotevolume", "quoteassetvolume", "amount")
    static let trades = ColumnName("trades", "numberoftrades", "tradecount", "count")

    static let price = ColumnName("price", "last", "lastprice", "p")
    static let size = ColumnName("size", "quantity", "qty", "amount", "volume", "vol", "v", "q")
    static let side = ColumnName("side", "takerside")
    static let tradeID = ColumnName("trade_id", "id")

    static let bid = ColumnName("bid", "bidprice", "bestbid", "bestbidprice")
    static let ask = ColumnName("ask", "askprice", "bestask", "bestaskprice")
    static let bidSize = ColumnName("bid_size", "bidquantity", "bidqty", "bidvolume", "bestbidsize", "bestbidqty")
    static let askSize = ColumnName("ask_size", "askquantity", "askqty", "askvolume", "bestasksize", "bestaskqty")
}
