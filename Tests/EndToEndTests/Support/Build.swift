import Foundation

/// What was built, and what it was built from.
enum Build {
    /// The folder of the programs, which is the test bundle's too.
    static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The checkout.
    static let repository: URL = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url
    }()

    static func program(_ name: String) -> String { products.appending(path: name).path }

    static func pythonStrategy(_ name: String) -> String { repository.appending(path: "strategies/\(name).py").path }

    /// The folder of the Python package `quantcell`.
    static let pythonKit = repository.appending(path: "Sources/quantcell-python/src").path

    static func strategy(_ name: String) -> String { repository.appending(path: "strategies/\(name).swift").path }
    static var strategies: String { repository.appending(path: "strategies").path }
}
