import Foundation

/// What was built next to the tests.
enum Build {
    static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// What strategies compile against.
    static var kit: String { products.appending(path: "Modules").path }

    static var worker: String { products.appending(path: "quantcell-worker").path }
}
