internal import Glibc

/// Where the parts of this program lie: next to each other after a build, below one prefix after `make install`.
struct Installation: Sendable {
    /// The executable that hosts strategies.
    let workerExecutable: String
    /// The folder of `StrategyKit.swiftmodule`.
    let kit: String
    /// The folder of the Python package `quantcell`.
    let pythonKit: String

    /// Finds the parts.
    ///
    /// - Parameters:
    ///   - settings: `kit_dir`, where given, wins.
    ///   - environment: `QUANTCELL_WORKER`, where given, is the worker's executable.
    /// - Throws: ``ManagerError`` when there is no worker executable.
    static func find(settings: Settings, environment: [String: String]) throws(ManagerError) -> Installation {
        let folder = executableFolder()
        let workers =
            environment["QUANTCELL_WORKER"].map { [$0] } ?? [
                "\(folder)/quantcell-worker", "\(folder)/../libexec/quantcell/quantcell-worker",
            ]
        guard let worker = workers.first(where: { access($0, X_OK) == 0 }) else {
            throw ManagerError(
                .serviceUnavailable,
                "quantcell-worker was not found (looked for \(workers.joined(separator: ", "))); build it with 'make', or set QUANTCELL_WORKER to its path"
            )
        }
        let kits =
            settings.manager.kitDir.isEmpty
            ? ["\(folder)/Modules", "\(folder)/../lib/quantcell/Modules"] : [settings.manager.kitDir]
        let kit = kits.first { access("\($0)/StrategyKit.swiftmodule", R_OK) == 0 } ?? kits[0]
        return Installation(workerExecutable: worker, kit: kit, pythonKit: findPythonKit(folder))
    }

    /// Below the prefix after `make install`; in the tree, which the build folder is in, else.
    private static func findPythonKit(_ folder: String) -> String {
        let steps = ["", "..", "../..", "../../..", "../../../.."]
        let tree = steps.map { "\(folder)/\($0)/Sources/quantcell-python/src" }
        let places = ["\(folder)/../lib/quantcell/python"] + tree
        // Without it there are no strategies in Python, and everything else works.
        return places.first { access("\($0)/quantcell/__init__.py", R_OK) == 0 } ?? ""
    }

    private static func executableFolder() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
