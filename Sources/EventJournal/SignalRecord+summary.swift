extension SignalRecord {
    /// What of the signal stands in the history: its name, its side and its finite numbers, as a JSON object.
    var summary: String {
        var text = #"{"signal_id":"#
        text.appendJSON(signalID)
        if let side {
            text += #","side":"#
            text.appendJSON(side)
        }
        if let symbol {
            text += #","symbol":"#
            text.appendJSON(symbol)
        }
        if let price, price.isFinite { text += #","price":\#(price)"# }
        if let quantity, quantity.isFinite { text += #","quantity":\#(quantity)"# }
        return text + "}"
    }
}

extension String {
    fileprivate mutating func appendJSON(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\0": append("\u{2400}")  // as in every text of the journal
            case "\u{1}"..<" ": append("\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16))
            default: unicodeScalars.append(scalar)
            }
        }
        append("\"")
    }
}
