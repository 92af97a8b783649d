/// How often health checks have found something against a worker.
package struct VerdictCounts: Hashable, Sendable {
    /// What health checks can find.
    package static let verdicts: [FailureCause] = [.frozen, .stuck, .starved]

    private var frozen: UInt64 = 0
    private var stuck: UInt64 = 0
    private var starved: UInt64 = 0

    /// None.
    package init() {}

    /// How often; 0 for what is no verdict.
    package internal(set) subscript(verdict: FailureCause) -> UInt64 {
        get {
            switch verdict {
            case .frozen: frozen
            case .stuck: stuck
            case .starved: starved
            default: 0
            }
        }
        set {
            switch verdict {
            case .frozen: frozen = newValue
            case .stuck: stuck = newValue
            case .starved: starved = newValue
            default: break
            }
        }
    }
}
