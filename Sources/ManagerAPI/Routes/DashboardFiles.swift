internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import NIOCore

/// The dashboard's files, read once: whoever is logged in gets `index.html` at `/`, and the others below `/assets`.
struct DashboardFiles: Sendable {
    private static let maxFiles = 64
    private static let maxBytes = 4 << 20
    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": "application/json", "svg": "image/svg+xml",
        "png": "image/png", "ico": "image/x-icon", "woff2": "font/woff2", "txt": "text/plain; charset=utf-8",
    ]

    private struct File: Sendable {
        let bytes: ByteBuffer
        let type: String
        let tag: String
    }

    private let files: [String: File]

    /// Whether there is a dashboard.
    var isThere: Bool { files["index.html"] != nil }

    /// Reads the files of the first folder that is there; none where there is none.
    init(folders: [String]) {
        var files: [String: File] = [:]
        if let folder = folders.first(where: { access("\($0)/index.html", R_OK) == 0 }) {
            for (name, content) in FolderContents.read(folder, maxFiles: Self.maxFiles, maxBytes: Self.maxBytes) {
                guard let type = name.split(separator: ".").last.flatMap({ Self.types[String($0)] }) else { continue }
                let tag = "\"\(String(content.reduce(into: Hash()) { $0.add($1) }.value, radix: 16))\""
                files[name] = File(bytes: ByteBuffer(bytes: content), type: type, tag: tag)
            }
        }
        self.files = files
    }

    func addRoutes(to router: Router<APIContext>, _ door: Door) {
        router.get("/") { request, context in answer("index.html", request, context, door) }
        router.get("/assets/**") { request, context in
            answer(PathText.decode(request.uri.path.dropFirst("/assets/".count)) ?? "", request, context, door)
        }
    }

    private func answer(_ name: String, _ request: Request, _ context: APIContext, _ door: Door) -> Response {
        do throws(APIError) {
            _ = try door.admit(request.head, context.channel, isOpen: false)
        } catch {
            return name == "index.html" && error.status == 401 ? Self.lockedPage : Envelope.error(error)
        }
        guard let file = files[name] else {
            let missing = "there is no such file; 'api.dashboard_dir' names the dashboard's folder"
            return Envelope.error(.notFound(missing))
        }
        let headers: HTTPFields = [.contentType: file.type, .cacheControl: "no-cache", .eTag: file.tag]
        if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }

    private static var lockedPage: Response {
        page(
            "QuantCell",
            "<p>You are not logged in. Run <code>quantcell dashboard</code> in a terminal on this machine.</p>",
            status: .unauthorized
        )
    }

    /// A page of one sentence.
    static func page(_ title: String, _ body: String, head: String = "", status: HTTPResponse.Status = .ok)
        -> Response
    {
        Response(
            status: status,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(
                    string:
                        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">\(head)<title>\(title)</title></head><body><h1>\(title)</h1>\(body)</body></html>\n"
                )
            )
        )
    }
}

/// FNV-1a: tells versions of a file apart.
private struct Hash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
