import Glibc
import MarketFiles
import WireProtocol

/// A file in a folder of its own, both gone when the value is.
struct TemporaryFile: ~Copyable {
    let path: String
    private let folder: String

    init(_ text: String) throws {
        try self.init(Array(text.utf8))
    }

    init(_ bytes: [UInt8]) throws {
        var template = Array("/tmp/quantcell-market-files-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXFailure(code: errno) }
        let folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        let path = folder + "/data.csv"
        guard let file = fopen(path, "w") else { throw POSIXFailure(code: errno) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw POSIXFailure(code: errno) }
        self.folder = folder
        self.path = path
    }

    deinit {
        unlink(path)
        rmdir(folder)
    }
}

struct POSIXFailure: Error {
    let code: Int32
}

/// Everything that a file holds, as its reader sees it.
struct Contents {
    var rows: [MarketRow] = []
    var bad: [BadRow] = []
    var bytesRead: Int64 = 0
    var fileSize: Int64 = 0

    init(path: String, kind: DataKind, columns: [String]? = nil, interval: String = "") throws {
        var reader = try MarketFileReader(path: path, kind: kind, columns: columns, interval: interval)
        while let record = try reader.next() {
            switch record {
            case .row(let row): rows.append(row)
            case .bad(let row): bad.append(row)
            }
        }
        bytesRead = reader.bytesRead
        fileSize = reader.fileSize
    }

    init(_ text: String, kind: DataKind = .bar, columns: [String]? = nil, interval: String = "") throws {
        let file = try TemporaryFile(text)
        try self.init(path: file.path, kind: kind, columns: columns, interval: interval)
    }

    var bars: [BarData] {
        rows.compactMap { if case .bar(let bar) = $0.payload { bar } else { nil } }
    }
}

/// The error with which opening a file fails; `nil` when it does not.
func openingError(of text: String, kind: DataKind = .bar, columns: [String]? = nil) throws -> MarketFileError? {
    let file = try TemporaryFile(text)
    return openingError(path: file.path, kind: kind, columns: columns)
}

func openingError(path: String, kind: DataKind = .bar, columns: [String]? = nil) -> MarketFileError? {
    do {
        _ = try MarketFileReader(path: path, kind: kind, columns: columns)
        return nil
    } catch {
        return error
    }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
