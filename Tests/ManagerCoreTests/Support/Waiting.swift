import Testing
import ZeroMQ

/// Waits until `condition` holds; only a failing test waits for long.
func wait(for what: Comment, until condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while !(try await condition()) {
        try #require(ContinuousClock.now < deadline, what)
        try await Task.sleep(for: .milliseconds(2))
    }
}

extension EventLoop {
    /// Runs `body` on the loop and returns what it returns.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { done in
            execute { done.resume(with: Result { try body() }) }
        }
    }
}
