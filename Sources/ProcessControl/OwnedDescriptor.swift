import Glibc

/// A file descriptor that is closed when its owner goes.
struct OwnedDescriptor: ~Copyable {
    let rawValue: Int32

    /// Takes over an open descriptor.
    init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Opens `path`, close-on-exec, and never makes a terminal the controlling one. A created file is its user's only.
    ///
    /// - Throws: The error number of open(2).
    init(opening path: String, flags: Int32) throws(OpenFailure) {
        var descriptor: Int32
        repeat {
            descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY, 0o600)
        } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw OpenFailure(errno: errno) }
        rawValue = descriptor
    }

    deinit {
        // Linux has released the number even when this fails; a retry could close somebody else's.
        close(rawValue)
    }

    /// The error number of a failed open(2), read(2) or the like.
    struct OpenFailure: Error {
        let errno: Int32
    }
}
