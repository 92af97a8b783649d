import Glibc

/// The facts that we need from `/proc/PID/stat`.
struct ProcessStat: Equatable {
    /// One letter, as in proc(5): `R`, `S`, `D`, `T`, `Z`, …
    private(set) var state: UInt8 = 0
    private(set) var parent: Int32 = 0
    private(set) var group: Int32 = 0
    private(set) var session: Int32 = 0
    private(set) var isKernelThread = false
    /// CPU time, in clock ticks.
    private(set) var userTicks: UInt64 = 0
    private(set) var systemTicks: UInt64 = 0
    private(set) var threads = 0
    /// Clock ticks since boot.
    private(set) var startTime: UInt64 = 0
    private(set) var residentPages = 0
    /// As wait(2) gives it, of a process that has ended, for those who may trace it; else 0.
    private(set) var exitCode: Int32 = 0

    /// A zombie, or on its way out. One whose first thread has ended before the others is not.
    var isDead: Bool {
        (state == UInt8(ascii: "Z") && threads <= 1) || state == UInt8(ascii: "X") || state == UInt8(ascii: "x")
    }

    /// Parses the file's bytes; `nil` when they are not what proc(5) promises.
    init?(parsing bytes: ArraySlice<UInt8>) {
        // Field 2 is the program's name in parentheses, which may itself hold spaces and parentheses.
        guard let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var rest = bytes[(nameEnd + 1)...].drop { $0 == 32 }
        var field = 3
        while !rest.isEmpty {
            let end = rest.firstIndex { $0 == 32 || $0 == 10 } ?? rest.endIndex
            guard take(rest[..<end], as: field) else { return nil }
            rest = rest[end...].drop { $0 == 32 || $0 == 10 }
            field += 1
        }
        guard field > 24 else { return nil }
    }

    /// Field numbers as in proc(5). Those that are not needed may hold anything.
    private mutating func take(_ text: ArraySlice<UInt8>, as field: Int) -> Bool {
        switch field {
        case 3: state = text.first ?? 0
        case 4: return set(\.parent, text)
        case 5: return set(\.group, text)
        case 6: return set(\.session, text)
        case 9:
            guard let flags = ProcReader.number(text) else { return false }
            isKernelThread = flags & 0x0020_0000 != 0  // PF_KTHREAD
        case 14: return set(\.userTicks, text)
        case 15: return set(\.systemTicks, text)
        case 20: return set(\.threads, text)
        case 22: return set(\.startTime, text)
        case 24: return set(\.residentPages, text)
        case 52: return set(\.exitCode, text)
        default: break
        }
        return true
    }

    private mutating func set<Number: FixedWidthInteger>(
        _ field: WritableKeyPath<ProcessStat, Number>,
        _ text: ArraySlice<UInt8>
    ) -> Bool {
        guard let number = ProcReader.number(text).flatMap(Number.init(exactly:)) else { return false }
        self[keyPath: field] = number
        return true
    }

    /// Reads the facts about the process that has `pid` now; `nil` when there is none.
    static func read(pid: Int32) throws(ProcessControlError) -> ProcessStat? {
        var reader = ProcReader()
        return try read(pid: pid, with: &reader)
    }

    /// As ``read(pid:)``, with the buffer of somebody who reads many.
    static func read(pid: Int32, with reader: inout ProcReader) throws(ProcessControlError) -> ProcessStat? {
        let path = "/proc/\(pid)/stat"
        do {
            try reader.read(path)
        } catch {
            // ESRCH: it went between open and read.
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw ProcessControlError(.systemCallFailed, operation: "read \(path)", errno: error.errno)
        }
        if let stat = ProcessStat(parsing: reader.contents) { return stat }
        throw ProcessControlError(.systemCallFailed, operation: "read \(path)", reason: "not in the form of proc(5)")
    }
}
