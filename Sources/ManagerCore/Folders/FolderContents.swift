internal import CLinux
internal import Glibc

/// The files of a folder, read at once: for what a server hands out.
package enum FolderContents {
    /// Reads all files, those in folders below too. Links, hidden files and what is beyond the bounds are left out.
    ///
    /// - Returns: The contents by name, as in `charts/line.js`.
    package static func read(_ folder: String, maxFiles: Int, maxBytes: Int) -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        var bytes = 0
        for name in names(in: folder, below: "", limit: maxFiles).prefix(maxFiles) {
            guard let content = read("\(folder)/\(name)", limit: maxBytes - bytes) else { continue }
            bytes += content.count
            contents[name] = content
        }
        return contents
    }

    private static func names(in root: String, below folder: String, limit: Int) -> [String] {
        guard let stream = opendir("\(root)/\(folder)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream), names.count <= limit {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix(".") else { continue }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var info = stat()
            guard lstat("\(root)/\(path)", &info) == 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFREG: names.append(path)
            case S_IFDIR: names += Self.names(in: root, below: path, limit: limit)
            default: continue
            }
        }
        return names.sorted()
    }

    private static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_size <= limit else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
        guard Glibc.read(descriptor, &bytes, bytes.count) == bytes.count else { return nil }
        return bytes
    }
}
