internal import Glibc
internal import ManagerCore

/// Where the dashboard's files may be: as with the kit, beside the program after a build, below the prefix after `make install`.
enum DashboardFolder {
    static func candidates(_ settings: Settings.API, _ environment: [String: String]) -> [String] {
        if let folder = environment["QUANTCELL_DASHBOARD"], !folder.isEmpty { return [folder] }
        if !settings.dashboardDir.isEmpty { return [settings.dashboardDir] }
        let program = executableFolder()
        // A build stands in `.build/TRIPLE/CONFIGURATION` of the source tree.
        return [
            "\(program)/../share/quantcell/dashboard", "\(program)/../../../Sources/ManagerAPI/Dashboard",
        ]
    }

    private static func executableFolder() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
