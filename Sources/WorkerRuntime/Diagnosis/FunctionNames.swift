import Glibc

/// The names of the functions in an ELF file of 64 bits: also of those that it does not export, as a strategy's.
///
/// Layout: elf(5).
final class FunctionNames {
    private let file: UnsafeRawBufferPointer

    private static let typeLoad: UInt32 = 1
    private static let typeSymbols: UInt32 = 2
    private static let typeDynamicSymbols: UInt32 = 11
    private static let symbolSize = 24
    private static let functionType: UInt8 = 2

    /// Opens a file; `nil` when it cannot be read or is something else.
    static func open(_ path: String) -> FunctionNames? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var info = stat()
        // Magic number, then: 64 bits.
        var magic = [UInt8](repeating: 0, count: 5)
        guard fstat(descriptor, &info) == 0, pread(descriptor, &magic, 5, 0) == 5,
            magic == [0x7F, 0x45, 0x4C, 0x46, 2],
            let start = mmap(nil, Int(info.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
        else { return nil }
        return FunctionNames(file: UnsafeRawBufferPointer(start: start, count: Int(info.st_size)))
    }

    private init(file: UnsafeRawBufferPointer) {
        self.file = file
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: file.baseAddress), file.count)
    }

    /// The function that holds the byte at `fileOffset`, as the linker names it, and how far into it the byte is.
    func function(at fileOffset: UInt) -> (name: String, offset: UInt)? {
        guard let address = address(of: fileOffset),
            let table = section(Self.typeSymbols) ?? section(Self.typeDynamicSymbols),
            let names = sectionHeader(table.link)
        else { return nil }
        for symbol in stride(from: table.offset, to: table.offset + table.size, by: Self.symbolSize) {
            guard let kind = byte(symbol + 4), kind & 0xF == Self.functionType, let value = word(symbol + 8),
                let size = word(symbol + 16), value <= address, address - value < size, let name = half(symbol)
            else { continue }
            return (text(names.offset + UInt(name)), address - value)
        }
        return nil
    }

    /// Where the file wants the byte in memory, by its program headers.
    private func address(of fileOffset: UInt) -> UInt? {
        guard let table = word(32), let size = short(54), let count = short(56) else { return nil }
        for index in 0..<UInt(count) {
            let header = table &+ index &* UInt(size)
            guard half(header) == Self.typeLoad, let offset = word(header &+ 8), let address = word(header &+ 16),
                let length = word(header &+ 32), offset <= fileOffset, fileOffset - offset < length
            else { continue }
            return fileOffset - offset &+ address
        }
        return nil
    }

    private struct Section {
        let type: UInt32
        let offset: UInt
        let size: UInt
        let link: UInt32
    }

    private func section(_ type: UInt32) -> Section? {
        for index in 0..<UInt32(short(60) ?? 0) {
            if let header = sectionHeader(index), header.type == type { return header }
        }
        return nil
    }

    private func sectionHeader(_ index: UInt32) -> Section? {
        guard let table = word(40), let size = short(58) else { return nil }
        let header = table &+ UInt(index) &* UInt(size)
        guard let type = half(header &+ 4), let offset = word(header &+ 24), let size = word(header &+ 32),
            let link = half(header &+ 40), offset <= UInt(file.count), size <= UInt(file.count) - offset
        else { return nil }
        return Section(type: type, offset: offset, size: size, link: link)
    }

    // MARK: Checked reads

    private func byte(_ offset: UInt) -> UInt8? { load(offset, as: UInt8.self) }
    private func short(_ offset: UInt) -> UInt16? { load(offset, as: UInt16.self) }
    private func half(_ offset: UInt) -> UInt32? { load(offset, as: UInt32.self) }
    private func word(_ offset: UInt) -> UInt? { load(offset, as: UInt.self) }

    private func load<T: BitwiseCopyable>(_ offset: UInt, as type: T.Type) -> T? {
        guard offset <= UInt(file.count), UInt(file.count) - offset >= UInt(MemoryLayout<T>.size) else { return nil }
        return file.loadUnaligned(fromByteOffset: Int(offset), as: type)
    }

    private func text(_ offset: UInt) -> String {
        guard offset < UInt(file.count) else { return "" }
        return String(decoding: file.dropFirst(Int(offset)).prefix { $0 != 0 }, as: UTF8.self)
    }
}
