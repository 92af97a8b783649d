import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct SystemdNotifyTests {
    @Test(arguments: [false, true])
    func newsArrives(isAbstract: Bool) throws {
        try withTemporaryFolder { folder in
            let receiver = try Receiver(isAbstract ? "@quantcell-\(UUID().uuidString)" : folder + "/notify")
            defer { receiver.close() }
            let notify = try #require(try SystemdNotify.from(environment: ["NOTIFY_SOCKET": receiver.name]))
            try notify.send(.ready)
            try notify.send(.watchdog, .status("3 running\nSTOPPING=1\r\n"))
            try notify.send(.stopping)
            #expect(receiver.receive() == "READY=1")
            #expect(receiver.receive() == "WATCHDOG=1\nSTATUS=3 running STOPPING=1 ")
            #expect(receiver.receive() == "STOPPING=1")
            #expect(notify.watchdogInterval == nil)
        }
    }

    @Test func nobodyHasAsked() throws {
        #expect(try SystemdNotify.from(environment: [:]) == nil)
        #expect(try SystemdNotify.from(environment: ["NOTIFY_SOCKET": ""]) == nil)
    }

    @Test func nobodyListens() throws {
        try withTemporaryFolder { folder in
            let notify = try #require(try SystemdNotify.from(environment: ["NOTIFY_SOCKET": folder + "/notify"]))
            let error = #expect(throws: ProcessControlError.self) { try notify.send(.ready) }
            #expect(error?.errno == ENOENT)
        }
    }

    @Test(arguments: ["relative", "@", "/", "vsock:2:1234", "/" + String(repeating: "x", count: 107)])
    func addressThatIsNone(address: String) {
        let error = #expect(throws: ProcessControlError.self) {
            try SystemdNotify.from(environment: ["NOTIFY_SOCKET": address])
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(
        arguments: [
            ("10000000", nil, Duration.seconds(10)), ("1500", "own", .microseconds(1500)), ("10000000", "1", nil),
            ("0", nil, nil), ("-1", nil, nil), ("soon", nil, nil), (nil, "own", nil),
        ] as [(String?, String?, Duration?)]
    )
    func watchdog(microseconds: String?, pid: String?, interval: Duration?) throws {
        var environment = ["NOTIFY_SOCKET": "/run/x"]
        environment["WATCHDOG_USEC"] = microseconds
        environment["WATCHDOG_PID"] = pid == "own" ? "\(getpid())" : pid
        #expect(try #require(try SystemdNotify.from(environment: environment)).watchdogInterval == interval)
    }
}

/// The other end, as systemd has it.
private struct Receiver {
    let name: String
    private let descriptor: Int32

    init(_ name: String) throws {
        self.name = name
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(name.utf8)
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(2 + path.count)
        let status = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, length) }
        }
        try #require(status == 0)
    }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    func close() {
        Glibc.close(descriptor)
    }
}
