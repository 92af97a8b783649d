internal import CLinux
internal import Glibc

/// A thread with a name.
package final class OwnThread: @unchecked Sendable {
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
    /// - Parameters:
    ///   - name: At most 15 bytes, as `top -H` shows it.
    ///   - takesSignals: Whether signals to the process may be handled on it.
    ///   - body: What it does; it ends with it.
    /// - Throws: ``ThreadError`` when the system has no thread to give.
    package init(
        _ name: String,
        takesSignals: Bool = true,
        _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        // A thread has the mask of the one that starts it.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        if !takesSignals { pthread_sigmask(SIG_SETMASK, &all, &previous) }
        defer { if !takesSignals { pthread_sigmask(SIG_SETMASK, &previous, nil) } }
        let start = Unmanaged.passRetained(Start(name, body))
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                _ = qc_set_thread_name(start.name)
                // It may be started by a thread that asks for less.
                _ = qc_swap_slice(0)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw ThreadError(name: name, code: code)
        }
    }

    /// Waits for its end; exactly once.
    package func join() {
        pthread_join(thread, nil)
    }
}
