import StrategyKit
import ZeroMQ

/// What the manager tells a worker through its environment.
package struct WorkerEnvironment: Hashable, Sendable {
    /// The environment does not say what a worker has to know.
    package struct Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong and what to do, in one line.
        package let description: String
    }

    let workerID: String
    let identity: String
    let generation: UInt64
    let token: String
    let dataAddress: String
    let controlAddress: String
    let statusAddress: String
    /// Where recorded data can be asked for; `nil` under a manager that keeps none.
    let historyAddress: String?
    /// The keys for addresses of TCP; `nil` under a manager that demands none.
    let curve: CurveClient?
    let logLevel: LogLevel
    /// How long the manager may be away before the worker stops itself, in seconds; a `welcome` may say otherwise.
    let orphanLease: Double

    /// Reads the environment.
    ///
    /// - Parameter read: gives the value of a variable, `nil` when it is not set.
    /// - Throws: ``Invalid`` when a variable is missing or not valid.
    package init(_ read: (String) -> String?) throws(Invalid) {
        func value(_ name: String) throws(Invalid) -> String {
            guard let value = read(name), !value.isEmpty else {
                throw Invalid(
                    description:
                        "\(name) is not set; this program is started by quantcell-manager, see: quantcell start-strategy"
                )
            }
            return value
        }
        workerID = try value("QUANTCELL_WORKER_ID")
        identity = try value("QUANTCELL_IDENTITY")
        token = try value("QUANTCELL_TOKEN")
        dataAddress = try value("QUANTCELL_DATA")
        controlAddress = try value("QUANTCELL_CONTROL")
        statusAddress = try value("QUANTCELL_STATUS")
        historyAddress = read("QUANTCELL_HISTORY").flatMap { $0.isEmpty ? nil : $0 }
        curve = try Self.curve(read)
        let text = try value("QUANTCELL_GENERATION")
        guard let generation = UInt64(text) else {
            throw Invalid(description: "QUANTCELL_GENERATION must be a whole number from 0, not '\(text)'")
        }
        self.generation = generation
        switch read("QUANTCELL_LOG_LEVEL") ?? "info" {
        case "debug": logLevel = .debug
        case "info": logLevel = .info
        case "warning": logLevel = .warning
        case "error": logLevel = .error
        case let other:
            throw Invalid(description: "QUANTCELL_LOG_LEVEL must be debug, info, warning or error, not '\(other)'")
        }
        let lease = read("QUANTCELL_ORPHAN_LEASE") ?? "60"
        guard let seconds = Double(lease), ManagerLease.seconds.contains(seconds) else {
            throw Invalid(description: "QUANTCELL_ORPHAN_LEASE must be seconds from 1 to 31536000, not '\(lease)'")
        }
        orphanLease = seconds
        // ZeroMQ keeps identities that begin with a zero byte for itself and takes at most 255 bytes.
        guard identity.utf8.count <= 255 else {
            throw Invalid(description: "QUANTCELL_IDENTITY is longer than 255 bytes")
        }
    }

    private static func curve(_ read: (String) -> String?) throws(Invalid) -> CurveClient? {
        guard let server = read("QUANTCELL_SERVER_KEY"), !server.isEmpty else { return nil }
        // Not with its value: it may be the secret.
        func key(_ name: String) throws(Invalid) -> CurveKey {
            guard let key = read(name).flatMap({ CurveKey($0) }) else {
                throw Invalid(description: "\(name) must be a CURVE key, 40 characters of Z85")
            }
            return key
        }
        let (serverKey, secretKey) = (try key("QUANTCELL_SERVER_KEY"), try key("QUANTCELL_SECRET_KEY"))
        guard let keys = try? CurveKeyPair(secretKey: secretKey) else {
            throw Invalid(description: "this libzmq was built without CURVE, which the manager demands")
        }
        return CurveClient(keys: keys, serverKey: serverKey)
    }
}
