/// Something that belongs to the loop, on its way over another thread and back.
struct Crossing<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
