import Glibc

/// The two facts that we need from `/proc/PID/stat`.
struct ProcessStat: Equatable {
    /// Clock ticks since boot.
    let startTime: UInt64
    /// A zombie, or on its way out.
    let isDead: Bool

    /// Parses the file's bytes; `nil` when they are not what proc(5) promises.
    init?(parsing bytes: [UInt8]) {
        // Field 2 is the program's name in parentheses, which may itself hold spaces and parentheses.
        guard let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
        let firstField = 3  // The state.
        let startTimeField = 22
        guard fields.count > startTimeField - firstField,
            let startTime = UInt64(String(decoding: fields[startTimeField - firstField], as: UTF8.self))
        else { return nil }
        self.startTime = startTime
        self.isDead = fields[0].first.map { [UInt8(ascii: "Z"), UInt8(ascii: "X")].contains($0) } ?? true
    }

    /// Reads the facts about the process that has `pid` now; `nil` when there is none.
    static func read(pid: Int32) throws(ProcessControlError) -> ProcessStat? {
        let path = "/proc/\(pid)/stat"
        do {
            let bytes = try contents(of: path)
            if let stat = ProcessStat(parsing: bytes) { return stat }
        } catch {
            // ESRCH: it went between open and read.
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw ProcessControlError(.systemCallFailed, operation: "read \(path)", errno: error.errno)
        }
        throw ProcessControlError(.systemCallFailed, operation: "read \(path)", reason: "not in the form of proc(5)")
    }

    /// The first 4 KiB of a file below `/proc`, which is more than the ones read here can hold.
    static func contents(of path: String) throws(OwnedDescriptor.OpenFailure) -> [UInt8] {
        let file = try OwnedDescriptor(opening: path, flags: O_RDONLY)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let length = Glibc.read(file.rawValue, buffer.baseAddress, buffer.count)
            if length < 0 { failure = errno }
            count = max(length, 0)
        }
        guard failure == 0 else { throw OwnedDescriptor.OpenFailure(errno: failure) }
        return bytes
    }
}
