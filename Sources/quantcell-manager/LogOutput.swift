import Dispatch
import Glibc
import Synchronization

/// Standard output for the log: whoever logs never waits for whoever reads.
///
/// A terminal that was stopped with Ctrl-S, or a pager, lets a write wait for as long as it likes. So lines are queued, and one thread
/// writes them. What does not fit into the queue is dropped and counted, and the count is written when there is room again.
final class LogOutput: Sendable {
    private struct Waiting {
        var lines: [[UInt8]] = []
        /// Lines and bytes that have not been written, those of the batch that is being written too.
        var count = 0
        var bytes = 0
        var dropped = 0
        var isWriting = false
    }

    private static let maxLines = 10_000
    private static let maxBytes = 4 << 20

    private let waiting = Mutex(Waiting())
    private let thread = DispatchQueue(label: "qc-log")
    private let notice: @Sendable (_ dropped: Int) -> String

    /// - Parameter notice: Makes the line that tells how many were dropped.
    init(notice: @escaping @Sendable (_ dropped: Int) -> String) {
        self.notice = notice
    }

    /// Queues a line.
    func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        let starts = waiting.withLock { waiting in
            guard waiting.count < Self.maxLines, waiting.bytes + bytes.count <= Self.maxBytes else {
                waiting.dropped += 1
                return false
            }
            waiting.lines.append(bytes)
            waiting.count += 1
            waiting.bytes += bytes.count
            defer { waiting.isWriting = true }
            return !waiting.isWriting
        }
        if starts { thread.async { self.drain() } }
    }

    /// Waits until everything is written, a second at most: at the end of the program a reader that has stopped is not waited for.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        thread.async { done.signal() }
        _ = done.wait(timeout: .now() + 1)
    }

    private func drain() {
        while let (lines, dropped) = next() {
            for line in lines {
                LineOutput.write(line, to: STDOUT_FILENO)
                waiting.withLock { waiting in
                    waiting.count -= 1
                    waiting.bytes -= line.count
                }
            }
            if dropped > 0 { LineOutput.write(notice(dropped), to: STDOUT_FILENO) }
        }
    }

    private func next() -> (lines: [[UInt8]], dropped: Int)? {
        waiting.withLock { waiting in
            guard !waiting.lines.isEmpty || waiting.dropped > 0 else {
                waiting.isWriting = false
                return nil
            }
            defer { (waiting.lines, waiting.dropped) = ([], 0) }
            return (waiting.lines, waiting.dropped)
        }
    }
}
