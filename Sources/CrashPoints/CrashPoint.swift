import Glibc
import Synchronization

/// A named place in the program at which a test can make it die, to show that what follows puts everything right.
///
/// `QUANTCELL_CRASH_POINT=journal.commit.before` ends the process, with ``exitCode`` and without any clean-up, when it
/// comes to that point for the first time; `journal.commit.before:3` when it comes there for the third time. The
/// variable is read once, when the process comes to its first point.
///
/// Children inherit the variable, so that a worker which is started again dies again. Where
/// `QUANTCELL_CRASH_FILE` names a file, only the one process that creates it dies, and one that finds it lives on.
///
/// A process that has not the variable pays a load and a branch for each point.
package enum CrashPoint {
    /// How a process ends that dies at a point.
    package static let exitCode: CInt = 42

    private static let armed = ArmedPoint(
        getenv("QUANTCELL_CRASH_POINT").map { String(cString: $0) },
        file: getenv("QUANTCELL_CRASH_FILE").map { String(cString: $0) }
    )

    /// Does not return if the process is to die here.
    ///
    /// - Parameter name: the point's name, `module.what.when`; one name stands at one place.
    @inline(__always)
    package static func reach(_ name: StaticString) {
        if let armed { armed.reach(name) }
    }
}

/// The point at which this process is to die.
final class ArmedPoint: Sendable {
    let name: String
    let times: Int
    private let file: String?
    private let reached = Atomic(0)

    /// - Parameter specification: `name` or `name:times`; one that is neither arms nothing.
    init?(_ specification: String?, file: String?) {
        guard let specification, !specification.isEmpty else { return nil }
        let parts = specification.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, !parts[0].isEmpty else { return nil }
        name = String(parts[0])
        if parts.count == 2 {
            guard let times = Int(parts[1]), times > 0 else { return nil }
            self.times = times
        } else {
            times = 1
        }
        self.file = file.flatMap { $0.isEmpty ? nil : $0 }
    }

    func reach(_ name: StaticString) {
        guard isDue(name) else { return }
        if let file {
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            // Not to be made for another reason than that it is there: dying is what was asked for.
            if descriptor < 0, errno == EEXIST { return }
        }
        _exit(CrashPoint.exitCode)
    }

    /// Counts; true for the one time that counts.
    func isDue(_ name: StaticString) -> Bool {
        name.description == self.name && reached.add(1, ordering: .relaxed).newValue == times
    }
}
