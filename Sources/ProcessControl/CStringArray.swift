/// A NULL-terminated array of C strings, as `argv` and `envp` are, in one allocation.
struct CStringArray {
    private var bytes: [CChar] = []
    private var offsets: [Int] = []

    /// - Parameter strings: Without NUL bytes, which would cut them short.
    init(_ strings: [String]) {
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
    }

    /// Lends the array for the time of the call.
    mutating func withPointers<Result>(_ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        bytes.withUnsafeMutableBufferPointer { buffer in
            body(offsets.map { offset in buffer.baseAddress.map { $0 + offset } } + [nil])
        }
    }
}
