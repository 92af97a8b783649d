package import WireProtocol

/// Who caused something.
package enum Actor: String, Sendable {
    /// The restart policy or a health check.
    case policy
    /// A person, over the command line or the API.
    case `operator`
    /// The worker itself.
    case worker
    /// New code or parameters.
    case reload
    /// The manager, as it starts or stops.
    case manager
}

/// One change of a worker's state.
package struct Transition: Hashable, Sendable {
    /// Which worker.
    package let workerID: String
    /// Which incarnation.
    package let generation: UInt64
    /// The state before; `nil` for a worker's first.
    package let from: WorkerState?
    /// The state after.
    package let to: WorkerState
    /// Why, in words for a person.
    package let cause: String
    /// Who caused it.
    package let actor: Actor
    /// Of what the worker failed, where this is a failure or follows from one.
    package let failure: FailureCause?
}
