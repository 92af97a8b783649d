import Synchronization

/// A strategy's type, ready to be instantiated.
package struct StrategyFactory: Sendable {
    /// The name of the class, such as `SMACross`.
    package let name: String
    /// Reads the parameters and makes the instance.
    package let make:
        @Sendable (StrategySetup, any ParamsReader, any StrategyHost) throws(StrategyError) -> any StrategyInstance

    package init(_ type: (some Strategy).Type) {
        name = "\(type)"
        make = { setup, reader, host throws(StrategyError) in
            try Self.instance(of: type, setup, reader, host)
        }
    }

    private static func instance<Hosted: Strategy>(
        of type: Hosted.Type,
        _ setup: StrategySetup,
        _ reader: any ParamsReader,
        _ host: any StrategyHost
    ) throws(StrategyError) -> any StrategyInstance {
        try HostedStrategy<Hosted>(setup: setup, reader: reader, host: host)
    }
}

/// Where a strategy's `main` leaves its type, for the worker that has loaded it.
package enum StrategyRegistry {
    private enum Slot {
        case closed
        case open(StrategyFactory?)
    }

    private static let slot = Mutex(Slot.closed)

    /// Runs `main` and returns the type that it registered; the last one if there were several.
    package static func collect(from main: () -> Void) -> StrategyFactory? {
        slot.withLock { $0 = .open(nil) }
        main()
        return slot.withLock { slot in
            defer { slot = .closed }
            guard case .open(let factory) = slot else { return nil }
            return factory
        }
    }

    /// Leaves a type; `false` when no worker waits for one.
    static func register(_ type: (some Strategy).Type) -> Bool {
        let factory = StrategyFactory(type)
        return slot.withLock { slot in
            guard case .open = slot else { return false }
            slot = .open(factory)
            return true
        }
    }
}

extension Strategy {
    /// What `@main` calls: it hands the strategy's type to the worker that has loaded the file.
    ///
    /// Run as a program of its own, it prints how to start the strategy.
    ///
    /// ```swift
    /// @main
    /// final class MyStrategy: Strategy {}
    /// ```
    public static func main() {
        if !StrategyRegistry.register(Self.self) {
            print("\(Self.self) is a QuantCell strategy. Start it with: quantcell start-strategy <its .swift file>")
        }
    }
}
