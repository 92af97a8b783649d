internal import Glibc

extension KeyFolder {
    /// When the lists of clients have changed last: whoever has read them need not read them again while this is the same.
    package struct Stamp: Hashable, Sendable {
        /// Seconds and nanoseconds for each role; zero where there is no folder.
        private var times: [Int64] = []
        /// Whether something changed so lately that a further change might show the same time.
        package private(set) var isFresh = false

        init(_ folders: [String]) {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            for folder in folders {
                var info = stat()
                guard stat(folder, &info) == 0 else {
                    times += [0, 0]
                    continue
                }
                times += [Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec)]
                if Int64(now.tv_sec) - Int64(info.st_mtim.tv_sec) < 2 { isFresh = true }
            }
        }
    }

    /// As it is now.
    package func stamp() -> Stamp { Stamp(Role.allCases.map(roleFolder)) }
}
