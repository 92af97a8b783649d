internal import CZeroMQ
internal import Glibc

/// A call to libzmq that failed.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: Hashable, Sendable {
        private enum Value: Hashable {
            case addressInUse
            case invalidAddress
            case permissionDenied
            case terminated
            case unreachable
            case notSupported
            case other
        }

        private let value: Value

        /// Somebody else is bound to the address.
        public static let addressInUse = Code(value: .addressInUse)
        /// The address cannot be understood, or its interface, folder or host does not exist.
        public static let invalidAddress = Code(value: .invalidAddress)
        /// The system does not let this user use the address.
        public static let permissionDenied = Code(value: .permissionDenied)
        /// The context has been closed.
        public static let terminated = Code(value: .terminated)
        /// A ROUTER knows no peer of that identity, or its queue is full.
        public static let unreachable = Code(value: .unreachable)
        /// This libzmq was built without it.
        public static let notSupported = Code(value: .notSupported)
        /// Anything else; ``ZeroMQError/errno`` says what.
        public static let other = Code(value: .other)

        static func of(_ errno: Int32) -> Code {
            switch errno {
            case EADDRINUSE: .addressInUse
            case EINVAL, ENODEV, EADDRNOTAVAIL, ENOENT, ENAMETOOLONG, ENOTDIR, EPROTONOSUPPORT: .invalidAddress
            case EACCES, EPERM, EROFS: .permissionDenied
            // libzmq numbers its own errors from ZMQ_HAUSNUMERO; ETERM is the 53rd.
            case 156_384_712 + 53: .terminated
            case EHOSTUNREACH: .unreachable
            case ENOTSUP: .notSupported
            default: .other
            }
        }
    }

    /// What kind of failure it was.
    public let code: Code
    /// What was tried, such as `bind ipc:///run/x.sock`.
    public let operation: String
    /// The error number that libzmq left.
    public let errno: Int32

    /// Takes the error number that the call on the line above left.
    init(_ operation: String) {
        let number = zmq_errno()
        self.code = Code.of(number)
        self.operation = operation
        self.errno = number
    }

    /// One line: what was tried, why it failed and, where there is something to do about it, what.
    public var description: String {
        "\(operation): \(String(cString: zmq_strerror(errno)))\(hint)"
    }

    private var hint: String {
        switch code {
        case .addressInUse: "; another program has this address: stop it, or choose another"
        case .permissionDenied: "; choose an address that this user may bind"
        default: ""
        }
    }
}
