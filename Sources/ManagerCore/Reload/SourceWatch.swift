internal import Glibc
internal import Logging
internal import ZeroMQ

/// Tells when a strategy's file has been written and left alone for a moment.
///
/// The kernel watches the folders (inotify): editors write a new file and rename it over the old one, and a watch on the file itself would
/// stay with the old one. It belongs to the control loop.
final class SourceWatch {
    private static let events = UInt32(IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)
    private static let headerBytes = MemoryLayout<inotify_event>.size

    private let loop: EventLoop
    private let logger: Logger
    private let changed: (_ workerID: String) -> Void
    private var descriptor: Int32 = -1
    private var watch: EventLoop.Watch?
    /// The files, by worker.
    private(set) var files: [String: String] = [:]
    private var folders: [Int32: String] = [:]
    private var timers: [String: EventLoop.Timer] = [:]
    /// For how long a file must have been left alone.
    var debounce: Duration
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    /// - Parameter changed: Called on the loop with each worker whose file has changed.
    init(loop: EventLoop, debounce: Duration, logger: Logger, changed: @escaping (_ workerID: String) -> Void) {
        self.loop = loop
        self.debounce = debounce
        self.logger = logger
        self.changed = changed
    }

    /// Watches these files from now on, by worker; absolute paths.
    func set(_ files: [String: String]) {
        guard files != self.files else { return }
        self.files = files
        for (id, timer) in timers where files[id] == nil {
            loop.cancel(timer)
            timers[id] = nil
        }
        let wanted = Set(files.values.map(Self.folder))
        for (number, folder) in folders where !wanted.contains(folder) {
            inotify_rm_watch(descriptor, number)
            folders[number] = nil
        }
        for folder in wanted.subtracting(folders.values) { add(folder) }
    }

    /// Watches nothing any more.
    func close() {
        set([:])
        if let watch { loop.unwatch(watch) }
        watch = nil
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    private func add(_ folder: String) {
        guard open() else { return }
        let number = inotify_add_watch(descriptor, folder, Self.events)
        guard number >= 0 else {
            return logger.warning("cannot watch \(folder): \(String(cString: strerror(errno)))")
        }
        folders[number] = folder
    }

    private func open() -> Bool {
        if descriptor >= 0 { return true }
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else {
            logger.warning("cannot watch files: \(String(cString: strerror(errno)))")
            return false
        }
        do {
            watch = try loop.watch(descriptor: descriptor) { [unowned self] in read() }
            return true
        } catch {
            logger.warning("cannot watch files: \(error)")
            Glibc.close(descriptor)
            descriptor = -1
            return false
        }
    }

    private func read() {
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            var offset = 0
            while offset + Self.headerBytes <= count { offset = take(at: offset, count) }
        }
    }

    /// Takes one event in; returns where the next one begins.
    private func take(at offset: Int, _ count: Int) -> Int {
        let (number, mask, length) = buffer.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
            )
        }
        let start = offset + Self.headerBytes
        let end = min(start + length, count)
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            // The kernel has dropped events, perhaps of any of them.
            for id in files.keys { touched(id) }
        } else if mask & UInt32(IN_IGNORED) != 0 {
            if let folder = folders.removeValue(forKey: number) {
                logger.warning("\(folder) is gone: files in it are watched no more")
            }
        } else if let folder = folders[number] {
            let name = String(decoding: buffer[min(start, end)..<end].prefix { $0 != 0 }, as: UTF8.self)
            let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            for (id, file) in files where file == path { touched(id) }
        }
        return start + length
    }

    /// Waits until the file has been left alone.
    private func touched(_ id: String) {
        if let timer = timers[id] { loop.cancel(timer) }
        timers[id] = loop.schedule(after: debounce) { [unowned self] in
            timers[id] = nil
            changed(id)
        }
    }

    private static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
