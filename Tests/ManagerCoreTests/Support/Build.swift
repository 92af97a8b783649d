import Foundation

/// What was built next to the tests.
enum Build {
    static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The checkout.
    static let repository = (0..<4).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) { url, _ in
        url.deletingLastPathComponent()
    }

    /// What strategies compile against.
    static var kit: String { products.appending(path: "Modules").path }

    static var worker: String { products.appending(path: "quantcell-worker").path }
}
