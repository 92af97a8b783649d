internal import CZeroMQ
internal import Glibc

/// Waits for several sockets and descriptors in the calling thread.
///
/// For a program that has a thread of its own to wait in and needs no ``EventLoop``. What was added must stay open for as long as
/// the poller is used.
///
/// Related ZeroMQ documentation: zmq_poll(3)
public struct Poller: ~Copyable {
    /// Names what was added.
    public struct Item: Hashable, Sendable {
        fileprivate let index: Int
    }

    private var items: [zmq_pollitem_t] = []

    /// Makes a poller that waits for nothing.
    public init() {}

    /// Waits for `socket` to have something to read.
    public mutating func add(_ socket: borrowing Socket) -> Item {
        items.append(zmq_pollitem_t(socket: socket.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        return Item(index: items.count - 1)
    }

    /// Waits for `descriptor` to be readable.
    public mutating func add(descriptor: Int32) -> Item {
        items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        return Item(index: items.count - 1)
    }

    /// Leaves an item out of the wait, or takes it in again.
    public mutating func setEnabled(_ item: Item, _ isEnabled: Bool) {
        items[item.index].events = isEnabled ? Int16(ZMQ_POLLIN) : 0
    }

    /// Waits until an item is ready, the time has passed, or a signal was handled.
    ///
    /// - Parameter timeoutMilliseconds: How long to wait; 0 only looks, -1 has no limit.
    /// - Throws: ``ZeroMQError`` when the context was ended or a socket closed.
    public mutating func wait(timeoutMilliseconds: Int) throws(ZeroMQError) {
        guard zmq_poll(&items, Int32(items.count), timeoutMilliseconds) < 0 else { return }
        guard zmq_errno() == EINTR else { throw ZeroMQError("wait for sockets") }
        for index in items.indices { items[index].revents = 0 }
    }

    /// Whether the last wait found the item ready.
    public func isReady(_ item: Item) -> Bool {
        items[item.index].revents != 0
    }
}
