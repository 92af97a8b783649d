internal import WireProtocol

/// The optional members of a request's payload; `null` is as good as absent.
struct PayloadFields {
    private let payload: JSONValue

    init(_ request: Message) {
        payload = request.payload
    }

    /// - Throws: ``ManagerError`` when it is there and no text.
    func text(_ key: String) throws(ManagerError) -> String? {
        try field(key, "text", \.stringValue)
    }

    /// - Throws: ``ManagerError`` when it is there and no whole number from `minimum`.
    func integer(_ key: String, from minimum: Int64) throws(ManagerError) -> Int64? {
        try field(key, "a whole number from \(minimum)") { value in
            value.integerValue.flatMap { $0 >= minimum ? $0 : nil }
        }
    }

    private func field<T>(_ key: String, _ kind: String, _ read: (JSONValue) -> T?) throws(ManagerError) -> T? {
        guard let value = payload[key], value != .null else { return nil }
        guard let read = read(value) else { throw ManagerError(.invalidParameters, "'\(key)' must be \(kind)") }
        return read
    }
}
