/// Why the manager cannot do something; what a person is told.
public struct ManagerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the error code that a client sees.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code as it goes over the wire.
        public let rawValue: String

        /// Makes a code.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// There is no worker of that id.
        public static let workerNotFound = Code(rawValue: "WORKER_NOT_FOUND")
        /// The worker could not be started.
        public static let workerStart = Code(rawValue: "WORKER_START_ERROR")
        /// The worker could not be stopped.
        public static let workerStop = Code(rawValue: "WORKER_STOP_ERROR")
        /// The strategy, its name, symbols or data types cannot be used.
        public static let invalidWorkerConfig = Code(rawValue: "INVALID_WORKER_CONFIG")
        /// The request is not understood.
        public static let invalidParameters = Code(rawValue: "INVALID_PARAMETERS")
        /// The worker's state does not allow it, or there are enough workers.
        public static let conflict = Code(rawValue: "CONFLICT")
        /// There cannot be so many workers or spares.
        public static let scaling = Code(rawValue: "SCALING_ERROR")
        /// The manager is starting, stopping, or cannot write its journal.
        public static let serviceUnavailable = Code(rawValue: "SERVICE_UNAVAILABLE")
        /// Something else failed.
        public static let internalError = Code(rawValue: "INTERNAL_ERROR")
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed and what to do, for a person.
    public let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

extension Result {
    /// The failure, if it is one.
    var failure: Failure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}
