import Glibc
import MarketFiles
import WireProtocol

/// The file that remembers an unfinished replay, so that the same command goes on with it.
///
/// It holds the id under which the manager counts the rows. It is there from the first row until the last one is on disk: the same
/// replay started again after that is a new one. While a replay runs the file is locked, so that nobody runs the same twice at once.
struct ReplayMark: ~Copyable {
    /// The id under which the rows are published.
    let publisher: String
    /// When the unfinished replay began, nanoseconds since the Unix epoch; `nil` for one that begins now.
    let resumedFrom: Int64?

    private let path: String
    private let descriptor: Int32

    /// An unfinished replay is forgotten after so long, seconds.
    private static let maxAge = 30 * 86_400
    /// The largest file that is read, bytes.
    private static let maxBytes = 1024

    /// Finds an unfinished replay, or notes a new one.
    ///
    /// - Parameters:
    ///   - folder: Where the files are; made where it is missing.
    ///   - source: What is replayed.
    ///   - restarts: Whether to forget an unfinished replay.
    /// - Throws: ``CommandFailure`` with exit code 1 when the same replay is running, with 73 when the file cannot be written.
    static func open(
        in folder: String,
        for source: ReplaySource,
        restarts: Bool
    ) throws(CommandFailure) -> ReplayMark {
        let path = Path.join(folder, "replay-\(source.key).json")
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.failure("make \(folder)") }
        forgetOld(in: folder)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open \(path)") }
        // Held until the descriptor is closed, also by the end of this process.
        guard lockf(descriptor, F_TLOCK, 0) == 0 else {
            close(descriptor)
            throw CommandFailure.badInput(
                "\(source.file) is being replayed to \(source.topic) already; to publish it a second time at once, "
                    + "give each its own --publisher"
            )
        }
        if !restarts, let (publisher, began) = read(descriptor) {
            return ReplayMark(publisher: publisher, resumedFrom: began, path: path, descriptor: descriptor)
        }
        let now = WallClock.nanoseconds()
        let publisher = "replay-\(source.key)-\(String(now, radix: 36))"
        do throws(CommandFailure) {
            try write(descriptor, path, source: source, publisher: publisher, now: now)
        } catch {
            close(descriptor)
            throw error
        }
        return ReplayMark(publisher: publisher, resumedFrom: nil, path: path, descriptor: descriptor)
    }

    private init(publisher: String, resumedFrom: Int64?, path: String, descriptor: Int32) {
        self.publisher = publisher
        self.resumedFrom = resumedFrom
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Forgets the replay: all of it is safe.
    consuming func complete() {
        unlink(path)
    }

    private static func read(_ descriptor: Int32) -> (publisher: String, began: Int64)? {
        var bytes = [UInt8](repeating: 0, count: maxBytes)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        // An empty or torn file is of a replay that ended before its first row.
        guard count > 0, let value = try? bytes[..<count].withUnsafeBytes({ try JSONValue(parsing: $0) }),
            let publisher = value["publisher"]?.stringValue, let began = value["began_ns"]?.integerValue
        else { return nil }
        return (publisher, began)
    }

    private static func write(
        _ descriptor: Int32,
        _ path: String,
        source: ReplaySource,
        publisher: String,
        now: Int64
    ) throws(CommandFailure) {
        let content: JSONValue = [
            "publisher": .string(publisher), "began_ns": .integer(now),
            // For people: which replay this is.
            "file": .string(String(source.file.suffix(512))), "topic": .string(source.topic.description),
        ]
        let bytes = Array((content.text + "\n").utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count,
            fsync(descriptor) == 0
        else { throw failure("write \(path)") }
    }

    /// Removes what nobody has gone on with for a month. A replay that still runs has its file for itself: it only loses its name.
    private static func forgetOld(in folder: String) {
        guard let directory = opendir(folder) else { return }
        defer { closedir(directory) }
        let now = Int(WallClock.nanoseconds() / 1_000_000_000)
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let path = Path.join(folder, name)
            var information = stat()
            guard name.hasPrefix("replay-"), stat(path, &information) == 0 else { continue }
            if now - information.st_mtim.tv_sec > maxAge { unlink(path) }
        }
    }

    private static func failure(_ operation: String) -> CommandFailure {
        .cannotCreate(
            "cannot \(operation): \(errorText(errno)); an unfinished replay is remembered there "
                + "(--publisher ID or --no-ack need no such file)"
        )
    }
}

/// What makes two replays the same: the file as it is now, the topic, and the rows that are chosen.
struct ReplaySource: Hashable {
    /// Absolute path without symbolic links.
    let file: String
    let topic: Topic
    /// 16 hexadecimal digits: equal for equal replays.
    let key: String

    /// - Throws: ``CommandFailure`` with exit code 66 when the file cannot be looked at.
    init(path: String, topic: Topic, range: Range<Int64>, columns: String?) throws(CommandFailure) {
        var information = stat()
        guard stat(path, &information) == 0, let real = realpath(path, nil) else {
            throw .noInput("\(path): \(errorText(errno))")
        }
        defer { free(real) }
        file = String(cString: real)
        self.topic = topic
        let changed = information.st_mtim
        let text = [
            file, "\(information.st_size)", "\(changed.tv_sec).\(changed.tv_nsec)", topic.description,
            "\(range.lowerBound)", "\(range.upperBound)", columns ?? "",
        ].joined(separator: "\n")
        // FNV-1a, 64 bits (Fowler, Noll, Vo).
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        key = String(repeating: "0", count: 16 - digits.count) + digits
    }
}
