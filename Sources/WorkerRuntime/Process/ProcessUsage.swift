import CLinux
import Glibc

/// What this process has used, as the kernel says.
final class ProcessUsage: Sendable {
    struct Reading: Hashable, Sendable {
        /// CPU time of all threads.
        var cpuSeconds = 0.0
        /// All of its memory that is in RAM.
        var residentBytes: Int64 = 0
        /// The part of it that no file stands behind, and so that nobody shares.
        var privateBytes: Int64 = 0
    }

    /// Stays open, so that a reading is one call. -1 where the kernel does not offer it.
    private let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    private let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The usage as of now; 0 for what cannot be read.
    func read() -> Reading {
        var reading = Reading()
        var time = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            reading.cpuSeconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        // Pages: size, resident, shared with files, and more that is of no interest.
        var text = [UInt8](repeating: 0, count: 128)
        let count = max(pread(descriptor, &text, text.count, 0), 0)
        let fields = text.prefix(count).split(separator: UInt8(ascii: " ")).prefix(3)
        let pages = fields.compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        if pages.count == 3 {
            reading.residentBytes = pages[1] * pageSize
            reading.privateBytes = (pages[1] - pages[2]) * pageSize
        }
        return reading
    }
}
