import Glibc

/// A folder of one test's own, gone with it.
final class TemporaryFolder {
    struct CannotMake: Error {}

    let path: String

    init() throws {
        var template = Array("/tmp/quantcell-zmq-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CannotMake() }
        path = String(cString: made)
    }

    deinit {
        for name in ["a", "r", "x"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func address(_ name: String) -> String { "ipc://\(path)/\(name)" }
}
