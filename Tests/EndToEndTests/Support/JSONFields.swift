import WireProtocol

/// The names of an object's members.
func keys(_ value: JSONValue?) -> Set<String> {
    Set((value?.objectValue ?? [:]).keys)
}

/// Whether it is a time as scripts get it: ISO-8601, UTC, microseconds.
func isTime(_ value: JSONValue?) -> Bool {
    value?.stringValue?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil
}
