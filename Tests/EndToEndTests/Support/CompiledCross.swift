import Foundation
import Synchronization
import Testing

/// `sma_cross`, compiled once for all tests of this process.
actor CompiledCross {
    private static let shared = CompiledCross()
    private var compiled: Data?

    static func library() async throws -> Data { try await shared.library() }

    private func library() async throws -> Data {
        if let compiled { return compiled }
        let box = Box()
        try await withFolder { folder in
            let manager = try TestManager("pool: {min_size: 1, max_size: 1}", in: folder)
            try manager.start(Build.strategy("sma_cross"), name: "sma")
            let cache = URL(fileURLWithPath: "\(folder.path)/data/compiled")
            let files = try #require(FileManager.default.enumerator(at: cache, includingPropertiesForKeys: nil))
            let library = try #require(files.compactMap { $0 as? URL }.first { $0.pathExtension == "so" })
            let bytes = try Data(contentsOf: library)
            box.data.withLock { $0 = bytes }
            try manager.stop()
        }
        let library = try #require(box.data.withLock { $0 })
        compiled = library
        return library
    }

    private final class Box: Sendable {
        let data = Mutex<Data?>(nil)
    }
}
