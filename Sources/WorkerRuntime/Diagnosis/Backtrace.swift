import Glibc

/// A thread's frames with their names, as text.
struct Backtrace {
    private typealias Demangle =
        @convention(c) (UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32) ->
        UnsafeMutablePointer<CChar>?

    private let demangle: Demangle?

    init() {
        // The runtime's own; `dlsym` waits for `dlopen`, and so is not for when the strategy is stuck.
        demangle = dlsym(nil, "swift_demangle").map { unsafeBitCast($0, to: Demangle.self) }
    }

    /// The lines of frames that a signal handler took, innermost first, without the handler's own.
    func lines(_ frames: [UInt]) -> [String] {
        let map = MemoryMap()
        // The handler is in this program; it returns to a piece of libc or the kernel, and that into what was interrupted.
        let program = frames.first.flatMap { map.region(of: $0)?.path }
        let handler = frames.prefix { map.region(of: $0)?.path == program }.count
        return frames.dropFirst(handler + 1).enumerated().map { index, address in
            // All but the innermost are where a call returns to, which may be the next function already.
            let text = describe(index == 0 ? address : address &- 1, in: map)
            return "\(index < 10 ? " " : "")\(index)  \(text)"
        }
    }

    private func describe(_ address: UInt, in map: MemoryMap) -> String {
        guard let region = map.region(of: address) else { return "0x" + String(address, radix: 16) }
        let file = region.path.split(separator: "/").last.map(String.init) ?? region.path
        let offset = address - region.addresses.lowerBound + region.fileOffset
        guard let names = FunctionNames.open(region.path), let function = names.function(at: offset) else {
            return "\(file) + 0x\(String(offset, radix: 16))"
        }
        return "\(readable(function.name)) + \(function.offset) (\(file))"
    }

    private func readable(_ name: String) -> String {
        guard let demangle, let text = demangle(name, name.utf8.count, nil, nil, 0) else { return name }
        defer { free(text) }
        return Self.withoutSpecialization(String(cString: text))
    }

    /// Leaves out how the optimiser made this copy of a function, which is longer than its name.
    static func withoutSpecialization(_ name: String) -> String {
        guard name.hasPrefix("function signature specialization <") || name.hasPrefix("generic specialization <"),
            let start = name.utf8.indices.last(where: { name.utf8[$0...].starts(with: "> of ".utf8) })
        else { return name }
        return String(name[start...].dropFirst(5))
    }
}
