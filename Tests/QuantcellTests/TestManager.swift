import Foundation
import Glibc
import Testing
import WireProtocol
import ZeroMQ

@testable import quantcell

/// A runtime folder of its own, removed at the end.
final class TemporaryRuntime: Sendable {
    let path: String
    var location: ManagerLocation {
        get throws { try ManagerLocation(ManagerFolder(flag: path)) }
    }

    init() throws {
        var template = Array("/tmp/quantcell-tests-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A socket bound where the manager's would be.
    func bind(_ type: SocketType, _ name: String) throws -> Socket {
        let socket = try Socket(Context(), type)
        try socket.bind("ipc://\(path)/\(name).sock")
        return socket
    }
}

/// The manager's side of admin, on a thread of its own: answers so many requests, each with the given payloads.
final class TestManager {
    private final class Script {
        let answers: [[(type: MessageType, payload: JSONValue)]]
        /// What was asked; to be read once the thread has ended.
        var requests: [Message] = []

        init(_ answers: [[(type: MessageType, payload: JSONValue)]]) {
            self.answers = answers
        }

        func run(_ socket: borrowing Socket) throws {
            for answers in answers {
                guard let frames = try socket.receive(wait: true), let body = frames.last else { return }
                let request = try body.withUnsafeBytes { try Message(parsing: $0) }
                requests.append(request)
                for answer in answers {
                    let message = Message(answer.type, payload: answer.payload, replyTo: request.messageID)
                    try socket.send([frames[0], message.bytes], wait: true)
                }
            }
        }
    }

    private let script: Script
    private var thread = pthread_t()

    /// The thread owns it from the moment it starts.
    private final class SocketBox {
        let socket: Socket
        let script: Script

        init(_ socket: consuming Socket, _ script: Script) {
            self.socket = socket
            self.script = script
        }
    }

    init(_ runtime: TemporaryRuntime, answers: [[(type: MessageType, payload: JSONValue)]]) throws {
        script = Script(answers)
        // A test that asks too little must fail, not hang.
        let router = try runtime.bind(.router, "admin")
        try router.set(.receiveTimeout, 10_000)
        let argument = Unmanaged.passRetained(SocketBox(router, script)).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<SocketBox>.fromOpaque(argument).takeRetainedValue()
                do { try box.script.run(box.socket) } catch { Issue.record(error) }
                return nil
            },
            argument
        )
        try #require(result == 0)
    }

    /// What was asked, once everything has been answered.
    func requests() -> [Message] {
        pthread_join(thread, nil)
        return script.requests
    }
}
