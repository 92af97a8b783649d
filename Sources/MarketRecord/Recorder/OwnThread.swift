internal import CLinux
internal import Glibc

/// A thread with a name.
final class OwnThread: @unchecked Sendable {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private var thread = pthread_t()

    /// Starts it.
    ///
    /// - Parameter name: At most 15 bytes, as `top -H` shows it.
    /// - Throws: ``RecordError`` when the system has no thread to give.
    init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(RecordError) {
        let start = Unmanaged.passRetained(Start(name, body))
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                _ = qc_set_thread_name(start.name)
                // It may be started by a thread that asks for less.
                _ = qc_set_slice(0)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw RecordError(errno: code, "start a thread for", "the recorder")
        }
    }

    /// Waits for its end; exactly once.
    func join() {
        pthread_join(thread, nil)
    }
}
