internal import CLinux
internal import Glibc
internal import ProcessControl

// What it needs beside a source: a compiler, the kit, and a name for what comes of them.
extension StrategyCompiler {
    func findCompiler() throws(ManagerError) -> String {
        let name = configuration.swiftc.isEmpty ? "swiftc" : configuration.swiftc
        if name.contains("/") {
            guard access(name, X_OK) == 0 else {
                throw ManagerError(
                    .workerStart,
                    "the compiler \(name) cannot be run; set 'manager.swiftc' to one that can"
                )
            }
            return name
        }
        guard let path = ExecutableSearch.find(name, in: configuration.environment["PATH"] ?? "") else {
            throw ManagerError(
                .workerStart,
                "swiftc was not found in PATH; install a Swift 6 toolchain, or set 'manager.swiftc' to its path"
            )
        }
        return path
    }

    func checkKit() throws(ManagerError) {
        guard access("\(configuration.kit)/StrategyKit.swiftmodule", R_OK) == 0 else {
            throw ManagerError(
                .workerStart,
                "StrategyKit.swiftmodule was not found in \(configuration.kit); set 'manager.kit_dir' to its folder"
            )
        }
    }

    /// Changes whenever the kit is built again.
    func kitStamp() -> [UInt8] {
        var info = stat()
        stat("\(configuration.kit)/StrategyKit.swiftmodule", &info)
        return Array("\(configuration.kit) \(info.st_size) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)".utf8)
    }

    /// FNV-1a, twice with different beginnings: 128 bits.
    static func hash(_ parts: [[UInt8]]) -> String {
        [0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142].map { (start: UInt64) in
            var hash = start
            for part in parts {
                for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
                hash = (hash ^ 0xFF) &* 0x100_0000_01B3
            }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
