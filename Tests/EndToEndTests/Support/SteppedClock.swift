import Foundation
import Glibc
import ProcessControl

/// A wall clock that jumps, for the programs of one test; the machine's own is left alone.
///
/// A library that is loaded before libc answers for the wall clock, with an offset that is read from a file each time. The clocks that
/// only go forward are the real ones: whoever measures a duration by the wall clock is found out.
struct SteppedClock {
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile long *offset;

        __attribute__((constructor)) static void open_offset(void) {
            const char *path = getenv("STEPPED_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (page != MAP_FAILED) offset = page;
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = syscall(SYS_clock_gettime, clock, now);
            if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
            return result;
        }

        int gettimeofday(struct timeval *now, void *zone) {
            struct timespec exact;
            if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
            now->tv_sec = exact.tv_sec;
            now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """

    /// What the programs need in their environment.
    let environment: [String: String]
    private let offset: URL

    /// Builds the library with the compiler that builds the package's own C.
    init(_ folder: TestFolder) throws {
        let source = "\(folder.path)/clock.c"
        let library = "\(folder.path)/clock.so"
        offset = URL(fileURLWithPath: "\(folder.path)/clock.offset")
        try Self.source.write(toFile: source, atomically: false, encoding: .utf8)
        try Data(count: MemoryLayout<Int>.size).write(to: offset)
        let folders = (folder.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let compilers = ["clang", "cc"].flatMap { name in folders.map { "\($0)/\(name)" } }
        guard let compiler = compilers.first(where: { access($0, X_OK) == 0 }) else { throw Waited("no C compiler") }
        let arguments = ["-shared", "-fPIC", "-O1", "-o", library, source]
        let run = try Program(compiler, arguments, environment: folder.environment, folder: "\(folder.path)/work")
            .finish()
        guard run.code == 0 else { throw Waited("the clock does not compile: \(run.errors)") }
        environment = ["LD_PRELOAD": library, "STEPPED_CLOCK": offset.path]
    }

    /// Sets the wall clock to so many seconds from the real one, at once and for all.
    func set(secondsAhead: Int) throws {
        let file = try FileHandle(forWritingTo: offset)
        defer { try? file.close() }
        try withUnsafeBytes(of: secondsAhead) { try file.write(contentsOf: Data($0)) }
    }
}
