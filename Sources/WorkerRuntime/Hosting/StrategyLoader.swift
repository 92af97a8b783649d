import Glibc
import StrategyKit

/// Brings a compiled strategy into the process.
enum StrategyLoader {
    private typealias Main = @convention(c) (Int32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32

    /// Loads the shared object and calls its `main`, which registers the strategy's type.
    ///
    /// It stays loaded for the life of the process, since Swift types cannot be unloaded.
    static func load(_ path: String) throws(WorkerFailure) -> StrategyFactory {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw WorkerFailure("cannot load the strategy: \(lastError())")
        }
        guard let symbol = dlsym(handle, "main") else {
            throw WorkerFailure("\(path) has no main: mark the strategy's class with @main")
        }
        let main = unsafeBitCast(symbol, to: Main.self)
        guard let factory = StrategyRegistry.collect(from: { _ = main(0, nil) }) else {
            throw WorkerFailure("\(path) holds no strategy: the class marked with @main must conform to Strategy")
        }
        return factory
    }

    private static func lastError() -> String {
        dlerror().map { String(cString: $0) } ?? "unknown reason"
    }
}
