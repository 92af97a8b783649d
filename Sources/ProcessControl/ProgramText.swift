internal import Glibc

/// The machine code that this process keeps in memory.
package enum ProgramText {
    /// Lets go of all of it. What runs on comes back at once, page by page, out of the kernel's file cache.
    ///
    /// Most of what a program runs, it runs once, when it starts: its libraries are linked, their types registered, settings read. Those
    /// pages stay mapped and count as resident for as long as nobody is short of memory.
    ///
    /// Related Linux documentation: madvise(2), MADV_DONTNEED; proc_pid_maps(5)
    package static func release() {
        var reader = ProcReader()
        guard (try? reader.read("/proc/self/maps", limit: 1 << 20)) != nil else { return }
        for line in reader.text.split(separator: "\n") {
            // `start-end r-xp offset device inode path`. Only what was never written can be read again from its file.
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).hasPrefix("/") else {
                continue
            }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: bounds[0]), Int(bounds[1] - bounds[0]), Int32(MADV_DONTNEED))
        }
    }
}
