internal import CLinux
internal import CZeroMQ
internal import Glibc

/// The I/O threads that a program's sockets share.
///
/// Sockets keep the context alive; it ends when the last one is closed.
///
/// Related ZeroMQ documentation: zmq_ctx_new(3), zmq_ctx_term(3)
public final class Context: @unchecked Sendable {
    // A context is the one thing of libzmq that any thread may use.
    let raw: UnsafeMutableRawPointer

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - ioThreads: How many threads move bytes; one is enough below some gigabytes a second.
    ///   - maxSockets: How many sockets may be open at once.
    /// - Throws: ``ZeroMQError`` when the system has no more descriptors or memory.
    public init(ioThreads: Int32 = 1, maxSockets: Int32 = 1023) throws(ZeroMQError) {
        guard let raw = zmq_ctx_new() else { throw ZeroMQError("create a context") }
        self.raw = raw
        zmq_ctx_set(raw, ZMQ_IO_THREADS, ioThreads)
        zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, maxSockets)
        startThreads()
    }

    /// Starts the I/O threads, which otherwise start with the first socket, as threads that come soon and run briefly.
    private func startThreads() {
        let before = qc_swap_slice(BriefThread.slice)
        if let socket = zmq_socket(raw, ZMQ_PAIR) { zmq_close(socket) }
        if before >= 0 { _ = qc_swap_slice(UInt64(before)) }
    }

    deinit {
        // A signal ends the wait for the I/O threads; without another try they and their memory would stay.
        while zmq_ctx_term(raw) != 0, zmq_errno() == EINTR {}
    }
}
