import Glibc

/// Which file's bytes lie where in this process.
struct MemoryMap {
    struct Region: Hashable {
        let addresses: Range<UInt>
        /// Where in the file the region begins.
        let fileOffset: UInt
        let path: String
    }

    let regions: [Region]

    /// Reads the map from the kernel, which needs no lock that a stuck thread could hold.
    init() {
        self.init(parsing: Self.text())
    }

    init(parsing text: String) {
        // 7f1c2a000000-7f1c2a021000 r-xp 00003000 08:01 1234   /usr/lib/libc.so.6
        regions = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            let bounds = fields.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
            guard fields.count == 6, bounds.count == 2, bounds[0] < bounds[1], let offset = UInt(fields[2], radix: 16)
            else { return nil }
            let path = String(fields[5].drop { $0 == " " })
            return Region(addresses: bounds[0]..<bounds[1], fileOffset: offset, path: path)
        }
    }

    func region(of address: UInt) -> Region? {
        regions.first { $0.addresses.contains(address) }
    }

    private static func text() -> String {
        let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
