import MarketFiles
import WireProtocol

/// Fields of the manager's answers as cells for people; what is missing is `-`.
struct FieldText {
    /// The moment that relative times are seen from, nanoseconds since the Unix epoch.
    let now: Int64

    init(now: Int64 = WallClock.nanoseconds()) {
        self.now = now
    }

    /// Any value: text as it is, numbers with all their digits, lists with commas, objects as JSON.
    func plain(_ value: JSONValue?) -> String {
        switch value ?? .null {
        case .null: "-"
        case .string(let text): text.isEmpty ? "-" : text
        case .array(let elements): elements.isEmpty ? "-" : elements.map { plain($0) }.joined(separator: ",")
        case .object(let members): members.isEmpty ? "-" : JSONValue.object(members).text
        case .bool, .integer, .number: (value ?? .null).text
        }
    }

    /// A count with its thousands grouped.
    func count(_ value: JSONValue?) -> String {
        value?.integerValue.map { NumberText.grouped(Int($0)) } ?? plain(value)
    }

    /// A time as seen from now.
    func relative(_ value: JSONValue?) -> String {
        moment(value).map { DurationText.relative($0, now: now) } ?? plain(value)
    }

    /// A time of the calendar, to the millisecond: `2026-01-02 03:04:05.678`.
    func absolute(_ value: JSONValue?) -> String {
        guard let moment = moment(value) else { return plain(value) }
        let text = TimeText.iso8601(nanoseconds: moment).prefix(23)
        return text.prefix(10) + " " + text.dropFirst(11)
    }

    private func moment(_ value: JSONValue?) -> Int64? {
        value?.stringValue.flatMap { TimeText.nanoseconds(from: $0) }
    }
}
